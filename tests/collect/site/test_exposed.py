"""Personal information in pages: only what verifies counts, and nothing leaves unmasked."""

from __future__ import annotations

import pytest

from scanner.collect.site.exposed import find_exposed, luhn, mask, valid_card, valid_id
from scanner.collect.site.page import parse

PAGE = "https://www.qinghe.example/list"


def found(body: str) -> dict[str, int]:
    return {entry.item: entry.count for entry in find_exposed(parse(PAGE, f"<body>{body}</body>"))}


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("440524198001010013", True),
        ("110105194912310021", False),
        ("990105194912310025", False),
        ("110105209912310020", False),
        ("110105194902300020", False),
        ("111111111111111111", False),
    ],
)
def test_identity_numbers_need_region_date_and_check_digit(number: str, valid: bool) -> None:
    assert valid_id(number) is valid


def test_cards_need_issuer_length_and_luhn() -> None:
    assert luhn("4111111111111111") and not luhn("4111111111111112")
    assert valid_card("6222020200112233442") is luhn("6222020200112233442")
    assert not valid_card("9999999999999999") and not valid_card("4444444444444448")


def test_a_list_of_winners_is_exposed_and_masked() -> None:
    rows = "".join(
        f"<tr><td>赵某</td><td>{number}</td><td>{phone}</td></tr>"
        for number, phone in [
            ("11010519491231002X", "13911112222"),
            ("440524198001010013", "13712345670"),
            ("110101199003074610", "15812345671"),
        ]
    )
    body = f"<table><tr><th>姓名</th><th>身份证号</th><th>手机</th></tr>{rows}</table>"
    facts = list(find_exposed(parse(PAGE, f"<body>{body}</body>")))

    assert {f.item: f.count for f in facts} == {"id-number": 3, "phone-number": 3}
    assert "11010519491231002X" not in str(facts) and "13911112222" not in str(facts)
    assert mask("11010519491231002X") == "1101**********002X" and mask("13911112222") == "139******22"


@pytest.mark.parametrize(
    "body",
    [
        "<p>订单号 110105194912310021，运单 SF11010519491231002X9</p>",
        "<p>客服电话 13800138000、13900139000，销售经理手机 13712345670</p>",
        "<p>姓名：王经理 电话：13800138000</p>",
        "<p>身份证号示例：11010519491231002X</p>",
        "<p>时间戳 1712345678901 编号 20260101123000123X</p>",
        "<p>对公账户：北京青禾科技有限公司 开户行 中国银行 账号 6222021234567890128</p>",
        "<a href='/x?id=11010519491231002X'>详情</a><script>var a='11010519491231002X'</script>",
        "<p>https://a.example/11010519491231002X.html</p>",
        "<p>车辆 0.11010519491231002X</p>",
    ],
)
def test_numbers_that_are_no_ones_data_are_left_alone(body: str) -> None:
    assert found(body) == {}
