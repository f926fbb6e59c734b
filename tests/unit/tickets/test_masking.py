"""What of a customer each role reads, and what is starred."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from tests.support.tickets import AGENT, OFFICER, draft, person
from tickets.masking import MAY_UNMASK, Mask, kind_of_contact, masked, may_unmask, sight_of

CASES = [
    (Mask.NAME, "王芳", "王*"),
    (Mask.NAME, "王小芳", "王*芳"),
    (Mask.NAME, "欧阳小芳", "欧**芳"),
    (Mask.NAME, "芳", "芳*"),
    (Mask.NAME, "John  Smith", "J*** S***"),
    (Mask.PHONE, "13812345678", "138****5678"),
    (Mask.PHONE, "+86 138 1234 5678", "+86 138 **** 5678"),
    (Mask.PHONE, "010-62345678", "010-****5678"),
    (Mask.PHONE, "62345678", "****5678"),
    (Mask.PHONE, "95599", "***99"),
    (Mask.EMAIL, "wangfang@example.com", "w***@example.com"),
    (Mask.EMAIL, "@", "***@"),
    (Mask.ADDRESS, "北京市海淀区中关村大街1号", "北京市海淀区****"),
    (Mask.ADDRESS, "人民路1号", "人民****"),
    (Mask.ADDRESS, "1 Main Street, Springfield", "****, Springfield"),
    (Mask.ADDRESS, "Main Street", "****"),
    (Mask.ACCOUNT, "6217 0012 3456 7890", "**** 7890"),
    (Mask.ACCOUNT, "123", "****"),
    (Mask.IDENTITY, "11010119900307123X", "110*************3X"),
    (Mask.IDENTITY, "E1234", "****"),
    (Mask.TEXT, "卡号6217001234567890被吞", "卡号**** 7890被吞"),
    (Mask.TEXT, "6217 0012 3456 7890 123.", "**** 0123."),
    (Mask.TEXT, "卡号6222020037000018475。", "卡号**** 8475。"),
    (Mask.TEXT, "身份证11010119900307123X", "身份证**** 123X"),
    (Mask.TEXT, "2026-11-22 13:46:01 致电13812345678", "2026-11-22 13:46:01 致电13812345678"),
    (Mask.TEXT, "工单26112200017", "工单26112200017"),
    (Mask.TEXT, "Amex 3782 822463 10005 gone", "Amex **** 0005 gone"),
    (Mask.TEXT, "2026-11-22 3782-822463-10005", "2026-11-22 **** 0005"),
    (Mask.TEXT, "卡号 6222-0200-3700-0018-475。", "卡号 **** 8475。"),
    (Mask.TEXT, "卡６２２２０２００３７０００１８４７５", "卡**** ８４７５"),
    (Mask.TEXT, "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "**** 1111"),
    (Mask.TEXT, "4111 1111\u00a01111 – 1111", "**** 1111"),
    (Mask.TEXT, "致电 138 0013 8000 或 010-6234 5678", "致电 138 0013 8000 或 010-6234 5678"),
    (Mask.TEXT, "3782 822463 10005 3714 496353 98431", "**** 0005 **** 8431"),
    (Mask.TEXT, "3782 822463 10005 / 3714 496353 98431", "**** 0005 / **** 8431"),
    (Mask.TEXT, " ".join("4111111111111111" * 2), "**** 1111"),
    (Mask.TEXT, "密码改为135790", "密码改为****"),
    (Mask.TEXT, "取款密码输入135790后吞卡", "取款密码输入****后吞卡"),
    (Mask.TEXT, "登录密码 Sommer2026 无效", "登录密码 **** 无效"),
    (Mask.TEXT, "my password is Sommer2026!", "my password is ****"),
    (Mask.TEXT, "my password is wrong", "my password is wrong"),
    (Mask.TEXT, "PIN number is 1357", "PIN number is ****"),
    (Mask.TEXT, f"密码：{'a1' * 40}", "密码：****"),
    (Mask.TEXT, "密码是135790，请重置", "密码是****，请重置"),
    (Mask.TEXT, "我的PIN: 1357", "我的PIN: ****"),
    (Mask.TEXT, "my pin is 13 57 90.", "my pin is ****."),
    (Mask.TEXT, "Password: Sommer2026!", "Password: ****"),
    (Mask.TEXT, "验证码 246810 收到", "验证码 **** 收到"),
    (Mask.TEXT, "CVV 123", "CVV ****"),
    (Mask.TEXT, "忘记密码，输错3次被锁", "忘记密码，输错3次被锁"),
    (Mask.TEXT, "Shopping in 2026 is fine", "Shopping in 2026 is fine"),
    (Mask.PROOF, "wf@a.cn: 250 ok，致电13812345678", "w***@a.cn: 250 ok，致电138****5678"),
    (Mask.PROOF, "录音 call-9@phone", "录音 call-9@phone"),
    (Mask.PROOF, "a.b@a.cn.，卡.13812345678@x..c@d.cn.", "a***@a.cn.，卡.138****5678@x***@d.cn."),
    (Mask.PROOF, "长" * 1_000_000 + "@", "长" * 1_000_000 + "@"),
    (Mask.PROOF, "长@" * 1_000_000, "长@" * 1_000_000),
]


@pytest.mark.parametrize(("kind", "text", "shown"), CASES)
def test_what_identifies_is_starred(kind: Mask, text: str, shown: str) -> None:
    assert masked(kind, text) == shown


@pytest.mark.parametrize("kind", Mask)
def test_nothing_stays_nothing(kind: Mask) -> None:
    assert masked(kind, "") == masked(kind, "  ") == ""


@given(st.sampled_from(sorted(set(Mask) - {Mask.TEXT, Mask.PROOF}, key=str)), st.text())
def test_anything_can_be_masked(kind: Mask, text: str) -> None:
    assert ("*" in masked(kind, text)) == bool(text.strip())


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_four_digits_of_a_telephone_are_never_shown(number: str) -> None:
    assert masked(Mask.PHONE, number) == f"{number[:3]}****{number[7:]}"


@given(st.text(), st.from_regex(r"[0-9]{12,19}", fullmatch=True), st.text())
def test_no_long_number_stays_in_a_text(before: str, number: str, after: str) -> None:
    assert number not in masked(Mask.TEXT, f"{before}{number}{after}")


def test_ways_to_reach_somebody_are_told_apart() -> None:
    assert kind_of_contact("a@b.example") is Mask.EMAIL
    assert kind_of_contact("+86 138-1234-5678") is Mask.PHONE
    assert kind_of_contact("北京市海淀区中关村大街1号") is Mask.ADDRESS


def test_the_front_reads_names_and_asks_for_the_rest() -> None:
    who = sight_of(AGENT).requester(draft().requester)
    assert (who.name, who.contact) == ("王芳", "138****8000")
    assert sight_of(AGENT, unmasked=True).draft(draft()) == draft()


def test_a_department_reads_no_names() -> None:
    shown = sight_of(OFFICER).draft(draft())
    assert (shown.requester.name, shown.requester.contact) == ("王*", "138****8000")
    assert shown.text == draft().text


def test_who_may_not_ask_reads_nothing_more_for_asking() -> None:
    quality = person(Role.QUALITY)
    assert sight_of(quality, unmasked=True) == sight_of(quality)


@pytest.mark.parametrize("role", Role)
def test_who_may_ask(role: Role) -> None:
    assert may_unmask(person(role)) == (role in MAY_UNMASK)


def test_several_roles_read_what_any_of_them_reads() -> None:
    both = Principal(
        StaffId("x"), "x", frozenset({Role.HEAD, Role.DISPATCHER}), Language.CHINESE, None
    )
    assert sight_of(both).name("王芳") == "王芳"


def test_accounts_and_long_numbers_are_nobodys_to_read_unasked() -> None:
    for role in Role:
        assert sight_of(person(role)).shown(Mask.ACCOUNT, "6217001234567890") == "**** 7890"
