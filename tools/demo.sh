#!/usr/bin/env bash
# Scans the bundled packages, site and policy, says what it does, and which report to open first.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/demo
rm -rf "$out" && mkdir -p "$out"
guijian=.venv/bin/guijian
say() { printf '\n== %s\n' "$*"; }

say "1/5 两个安装包：一个在同意之前启动统计 SDK，一个没有问题 / two packages, a bad and a clean one"
for name in sdk-init.bad clean; do
  "$guijian" scan "fixtures/apks/$name.apk" --fail-on never -f html -f json -f pdf -f docx -o "$out/"
done
say "2/5 全部有问题的样例，一份通报名单 / the notice list of all bad samples"
"$guijian" scan fixtures/apks/*.bad.apk --fail-on never -f xlsx -o "$out/notice.xlsx"
say "3/5 复测：整改之前与之后 / a retest: before and after a fix"
"$guijian" diff fixtures/apks/sdk-init.bad.apk fixtures/apks/sdk-init.good.apk -f html -o "$out/retest.html"
say "4/5 一份隐私政策 / a privacy policy"
"$guijian" policy fixtures/apks/clean/assets/privacy.html -f html -o "$out/policy.html"
say "5/5 一个网站（在本机临时提供，不联网） / a website, served on this machine only"
.venv/bin/python tools/demo_site.py "$out"

say "终端报告的开头（全文见 sdk-init.bad.apk.html） / the beginning of a report on the terminal"
"$guijian" scan fixtures/apks/sdk-init.bad.apk --fail-on never | sed -n '1,/整改/p'
cat <<END

== 报告 / reports（$out）
sdk-init.bad.apk.html  先看这份：结论、证据与调用链 / open this first: verdicts, evidence, call chains
sdk-init.bad.apk.pdf   同一结果的正式检测报告（另有 .docx、.json） / the same as a formal report (.docx, .json too)
clean.apk.html         没有发现问题的安装包：“没有发现”不等于“符合” / nothing found is not compliant
retest.html            整改前后的比较 / before and after a fix
notice.xlsx            通报名单、发现、SDK、权限、网络地址、统计 / notice list and other lists
policy.html            隐私政策 / a privacy policy
site.html              网站 / a website
END
