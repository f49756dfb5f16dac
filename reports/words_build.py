"""Fixed texts of the tables of containers, build records, traces of SDKs and expansion files, in Chinese and English."""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


BUILD: dict[str, Text] = {
    "c_containers": _t("网页、脚本与引擎容器", "Web, script and engine containers"),
    "c_containers_note": _t(
        "容器中的脚本或网页也能取得个人信息；不是可检索文本的，其行为不在本次检测之内。",
        "Scripts and pages in a container can obtain personal information too; what is no text was not examined.",
    ),
    "c_container": _t("容器", "Container"),
    "c_files": _t("文件数", "Files"),
    "c_readable": _t("脚本能否检索", "Scripts searchable"),
    "c_draws": _t("界面由其绘制", "Draws the interface"),
    "c_sentences": _t("读出的有关句子", "Sentences read"),
    "c_text": _t("可检索", "text, searched"),
    "c_no_text": _t("字节码或加密，未检索", "byte code or encrypted, not searched"),
    "c_text_unknown": _t("不能确定", "not known"),
    "c_records": _t("构建记录", "Build records"),
    "c_records_note": _t(
        "共 {count} 条。构建工具写入安装包的库名和版本；随代码缩减删去的库也可能留有记录。",
        "{count} records. Names and versions of libraries that the build wrote into the package; a library shrunk away may still have one.",
    ),
    "c_records_more": _t("等共 {count} 条", " ({count} in all)"),
    "c_record_of": _t("所属 SDK 或库", "SDK or library"),
    "c_record_kind": _t("记录", "Record"),
    "c_record_names": _t("名称和版本", "Names and versions"),
    "c_record_version_file": _t("版本文件（META-INF/*.version）", "version file (META-INF/*.version)"),
    "c_record_pom": _t("Maven 记录", "Maven record"),
    "c_record_properties": _t("属性文件", "properties file"),
    "c_record_kotlin_module": _t("Kotlin 模块", "Kotlin module"),
    "c_record_service": _t("服务声明（META-INF/services）", "service (META-INF/services)"),
    "c_traces": _t("SDK 留下的痕迹", "Traces of SDKs"),
    "c_traces_note": _t(
        "痕迹本身不证明 SDK 存在，更不证明其收集信息；另有依据认定存在的，见 SDK 清单。",
        "Traces do not prove that an SDK is there, much less that it collects; those found on other grounds are in the list of SDKs.",
    ),
    "c_trace_kind": _t("痕迹", "Trace"),
    "c_trace_count": _t("痕迹数", "Traces"),
    "c_trace_present": _t("是否另有依据认定存在", "Found on other grounds"),
    "c_trace_resource_name": _t("资源名", "resource names"),
    "c_trace_jni": _t("导出的 JNI 函数", "exported JNI functions"),
    "c_trace_build_record": _t("构建记录", "build records"),
    "c_present": _t("是", "yes"),
    "c_traces_only": _t("否，只有痕迹", "no, traces only"),
    "c_expansions": _t("扩展文件与资源包", "Expansion files and asset packs"),
    "c_expansions_note": _t(
        "没有随安装包交来或没有读的内容不在本次检测之内；没有名称的，只在代码中见到其接口。",
        "What was not delivered or not read was not examined; one without a name is only spoken of by code.",
    ),
    "c_expansion": _t("种类", "Kind"),
    "c_expansion_name": _t("名称与大小", "Name and size"),
    "c_expansion_obb": _t("扩展文件（OBB）", "expansion file (OBB)"),
    "c_expansion_asset_pack": _t("资源包", "asset pack"),
    "c_pack_files": _t("{count} 个文件", "{count} files"),
    "c_delivery": _t("交付方式", "Delivery"),
    "c_delivery_install_time": _t("随安装", "install-time"),
    "c_delivery_fast_follow": _t("安装后自动下载", "fast-follow"),
    "c_delivery_on_demand": _t("用到时下载", "on-demand"),
    "c_delivered": _t("随包交来", "Delivered"),
    "c_read": _t("已读", "Read"),
}
