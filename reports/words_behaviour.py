"""Fixed texts of the tables of the start, of whereabouts of addresses and of special abilities, in both languages."""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


STARTUP: dict[str, Text] = {
    "b_startup": _t("启动顺序", "Order of the start"),
    "b_startup_rest": _t("其余 {count} 步", "{count} more steps"),
    "b_startup_note": _t(
        "按 Android 的启动次序列出代码中可以到达的初始化、信息获取和联网，不是运行记录。“判断”列说明途中最弱的判断："
        "是否检查过已保存的标志，以及该标志是否表示同意。",
        "Starts, accesses and connections that code can reach, in Android's order; not a record of a run. The test is "
        "the weakest on any way there: whether a stored flag is tested, and whether that flag speaks of consent.",
    ),
    "b_step": _t("次序", "Step"),
    "b_phase": _t("阶段", "Phase"),
    "b_entry": _t("组件与入口", "Component and entry"),
    "b_action": _t("动作", "Action"),
    "b_subject": _t("对象", "Of what"),
    "b_called": _t("调用的方法", "Method called"),
    "b_then": _t("随后", "Leads to"),
    "b_guard": _t("判断", "Test on the way"),
    "b_how": _t("执行方式", "How it runs"),
    "b_place": _t("证据位置", "Place"),
    "b_phase_factory": _t("组件工厂", "component factory"),
    "b_phase_attach_base_context": _t("attachBaseContext", "attachBaseContext"),
    "b_phase_provider": _t("内容提供者", "content provider"),
    "b_phase_initializer": _t("androidx.startup 初始化器", "androidx.startup initialiser"),
    "b_phase_application": _t("Application.onCreate", "Application.onCreate"),
    "b_phase_launcher_activity": _t("桌面入口界面", "launcher screen"),
    "b_phase_lifecycle_callback": _t("界面生命周期回调", "callback on screens"),
    "b_action_init": _t("初始化 SDK", "starts the SDK"),
    "b_action_delayed_init": _t("预初始化 SDK", "prepares the SDK"),
    "b_action_consent": _t("向 SDK 告知同意状态", "tells the SDK about consent"),
    "b_action_access": _t("获取个人信息", "obtains information"),
    "b_action_network": _t("联网", "opens the network"),
    "b_value_true": _t("已同意", "agreed"),
    "b_value_false": _t("未同意", "not agreed"),
    "b_value_unknown": _t("值不明", "value not known"),
    "b_leads": _t("随后可获取：{items}", "may then obtain: {items}"),
    "b_leads_network": _t("随后可联网", "may then open the network"),
    "b_guard_none": _t("无判断", "none"),
    "b_guard_unrelated": _t("与同意无关的标志", "a flag unrelated to consent"),
    "b_guard_unknown": _t("含义不明的标志", "a flag of unknown meaning"),
    "b_guard_consent": _t("表示同意的标志", "a flag of consent"),
    "b_weakest": _t("途中最弱：{guard}", "weakest on any way: {guard}"),
    "b_first_start_true": _t("从未保存时也执行", "runs where never stored"),
    "b_first_start_false": _t("从未保存时不执行", "does not run where never stored"),
    "b_deferred": _t("推迟到线程或任务", "posted to a thread or task"),
    "b_dispatched": _t(
        "途中经接口或重写方法，可能运行别处的代码",
        "by way of an interface or overriding method; other code may run instead",
    ),
    "b_process": _t("进程 {name}", "process {name}"),
    "b_init_order": _t("initOrder {order}", "initOrder {order}"),
}

WHEREABOUTS: dict[str, Text] = {
    "b_operator": _t("运营者", "Operator"),
    "b_country": _t("国家或地区", "Country"),
    "b_overseas": _t("境外", "Overseas"),
    "b_overseas_true": _t("境外", "overseas"),
    "b_overseas_false": _t("境内", "mainland"),
    "b_overseas_unknown": _t("不明", "not known"),
    "b_country_operator": _t("{country}（运营者）", "{country} (the operator's)"),
    "b_country_address": _t("{country}（登记）", "{country} (the address's registration)"),
    "b_country_suffix": _t("{country}（后缀）", "{country} (a mere hint of the suffix)"),
    "b_data_day": _t("国家数据截至 {day}", "country data as of {day}"),
    "b_overseas_count": _t("境外 {count} 个", "{count} overseas"),
    "b_overseas_unknown_count": _t("属地不明 {count} 个", "{count} of unknown country"),
    "b_whereabouts_note": _t(
        "国家或地区后注明依据：运营者所属、地址登记或仅有域名后缀的提示；都不是服务器所在地。港澳台按数据出境规则计入境外，仅有后缀"
        "提示时不作判断。",
        "The country is the operator's, the registration's or a mere hint of the suffix, not where the server stands; Hong "
        "Kong, Macao and Taiwan count as overseas, as data export rules do; a mere hint is not judged.",
    ),
    "b_this_device": _t("本机", "this device"),
}

POWERS: dict[str, Text] = {
    "b_powers": _t("自启动、关联启动与特殊能力", "Self-starts, wake-ups and special abilities"),
    "b_powers_note": _t(
        "清单所声明的和代码中可见的，不说明系统或用户是否允许、是否实际发生。",
        "What the manifest declares and code shows; not whether the system or users allow it, or whether it happens.",
    ),
    "b_rest": _t("其余 {count} 项", "{count} more"),
    "b_kind": _t("种类", "Kind"),
    "b_what": _t("内容", "What"),
    "b_state": _t("声明与使用", "Declared and used"),
    "b_kind_autostart": _t("自启动", "runs unasked"),
    "b_kind_wake": _t("关联启动", "wakes another app"),
    "b_kind_ability": _t("特殊能力", "special ability"),
    "b_kind_foreground": _t("前台服务", "foreground service"),
    "b_fg_types": _t("声明的类型：{types}", "declared types: {types}"),
    "b_fg_undeclared": _t("代码使用而未声明的类型：{types}", "types used in code and not declared: {types}"),
    "b_fg_started": _t("代码启动前台", "brought to the foreground in code"),
    "b_fg_not_started": _t("未见代码启动前台", "no code brings it to the foreground"),
    "b_fg_unknown": _t("是否启动前台未知", "not known whether it goes to the foreground"),
    "b_fg_missing": _t("缺少类型所需的权限", "a permission its type needs is missing"),
    "b_group_boot": _t("开机", "boot"),
    "b_group_event": _t("系统事件", "system event"),
    "b_group_schedule": _t("定时", "schedule"),
    "b_group_keep_alive": _t("保活", "keep-alive"),
    "b_group_door": _t("供其他应用拉起", "door for other apps"),
    "b_works_true": _t("按目标 API 级别仍有效", "works at the target API level"),
    "b_works_false": _t(
        "系统不再执行（目标 API 级别或权限所限）", "Android no longer acts on it (target level or permission)"
    ),
    "b_works_unknown": _t("是否有效不明", "not known whether it works"),
    "b_unreached": _t("未见到达路径", "no way there was found"),
    "b_all_answering": _t("所有响应该动作的应用", "all apps that answer the action"),
    "b_way_activity": _t("启动界面", "starts a screen"),
    "b_way_service": _t("启动服务", "starts a service"),
    "b_way_bind": _t("绑定服务", "binds a service"),
    "b_way_broadcast": _t("发送广播", "sends a broadcast"),
    "b_way_query": _t("查询响应者", "queries who answers"),
    "b_guarded": _t("受已保存标志控制", "depends on a stored flag"),
    "b_switched_off": _t("应用已调用 SDK 的关闭开关", "the app calls the SDK's switch against it"),
    "b_target_system": _t("设备自带", "part of the device"),
    "b_target_pay": _t("支付", "payment"),
    "b_target_login": _t("登录", "login"),
    "b_target_share": _t("分享", "sharing"),
    "b_target_map": _t("地图", "maps"),
    "b_target_store": _t("应用商店", "app store"),
    "b_target_browser": _t("浏览器", "browser"),
    "b_target_debug": _t("厂商的调试或示例应用", "a vendor's debugging or sample app"),
    "b_policy_limit_password": _t("限定密码规则", "sets password rules"),
    "b_policy_watch_login": _t("监视解锁尝试", "watches unlock attempts"),
    "b_policy_reset_password": _t("更改锁屏密码", "changes the screen lock"),
    "b_policy_force_lock": _t("锁定屏幕", "locks the screen"),
    "b_policy_wipe_data": _t("清除全部数据", "erases all data"),
    "b_policy_expire_password": _t("使密码过期", "expires passwords"),
    "b_policy_encrypted_storage": _t("要求加密存储", "requires encryption"),
    "b_policy_disable_camera": _t("停用摄像头", "disables cameras"),
    "b_policy_disable_keyguard_features": _t("停用锁屏功能", "disables features of the lock screen"),
    "b_policy_set_global_proxy": _t("设置全局代理", "sets a global proxy"),
    "b_declared": _t("已声明", "declared"),
    "b_access_unreadable": _t("无障碍服务的配置未能读取", "its configuration could not be read"),
    "b_access_window": _t("读取窗口内容", "reads window content"),
    "b_access_gestures": _t("执行手势", "performs gestures"),
    "b_access_keys": _t("接收按键", "receives keys"),
    "b_access_tool": _t("声明为辅助工具", "says it helps people with disabilities"),
}

BEHAVIOUR: dict[str, Text] = STARTUP | WHEREABOUTS | POWERS
