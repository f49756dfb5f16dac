"""Names of the countries and regions (ISO 3166-1 alpha-2) that vendors, operators and addresses belong to.

A code that is not here is shown as it is.
"""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


COUNTRIES: dict[str, Text] = {
    "country_AE": _t("阿联酋", "United Arab Emirates"),
    "country_AU": _t("澳大利亚", "Australia"),
    "country_AT": _t("奥地利", "Austria"),
    "country_BE": _t("比利时", "Belgium"),
    "country_BR": _t("巴西", "Brazil"),
    "country_CA": _t("加拿大", "Canada"),
    "country_CH": _t("瑞士", "Switzerland"),
    "country_CN": _t("中国大陆", "Mainland China"),
    "country_CZ": _t("捷克", "Czechia"),
    "country_DE": _t("德国", "Germany"),
    "country_DK": _t("丹麦", "Denmark"),
    "country_EE": _t("爱沙尼亚", "Estonia"),
    "country_ES": _t("西班牙", "Spain"),
    "country_FI": _t("芬兰", "Finland"),
    "country_FR": _t("法国", "France"),
    "country_GB": _t("英国", "United Kingdom"),
    "country_HK": _t("中国香港", "Hong Kong, China"),
    "country_ID": _t("印度尼西亚", "Indonesia"),
    "country_IE": _t("爱尔兰", "Ireland"),
    "country_IL": _t("以色列", "Israel"),
    "country_IN": _t("印度", "India"),
    "country_IT": _t("意大利", "Italy"),
    "country_JP": _t("日本", "Japan"),
    "country_KR": _t("韩国", "South Korea"),
    "country_LU": _t("卢森堡", "Luxembourg"),
    "country_MO": _t("中国澳门", "Macao, China"),
    "country_MT": _t("马耳他", "Malta"),
    "country_MY": _t("马来西亚", "Malaysia"),
    "country_NL": _t("荷兰", "Netherlands"),
    "country_NO": _t("挪威", "Norway"),
    "country_NZ": _t("新西兰", "New Zealand"),
    "country_PL": _t("波兰", "Poland"),
    "country_RU": _t("俄罗斯", "Russia"),
    "country_SE": _t("瑞典", "Sweden"),
    "country_SG": _t("新加坡", "Singapore"),
    "country_TH": _t("泰国", "Thailand"),
    "country_TR": _t("土耳其", "Türkiye"),
    "country_TW": _t("中国台湾", "Taiwan, China"),
    "country_UA": _t("乌克兰", "Ukraine"),
    "country_US": _t("美国", "United States"),
    "country_VN": _t("越南", "Viet Nam"),
    "country_ZA": _t("南非", "South Africa"),
}
