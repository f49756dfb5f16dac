var t={prompt:"欢迎使用清河笔记。请您仔细阅读并同意《用户协议》和《隐私政策》，我们会按照政策处理您的个人信息。",agree:"同意并继续",refuse:"不同意",del:"注销账号",report:"投诉与举报",en:"Privacy Policy",url:"https://example.qinghe.cn/privacy.html"};
print(t.prompt,t.agree,t.refuse,t.del,t.report,t.en,t.url, "中"+"文");
