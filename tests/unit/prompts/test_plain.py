"""What officers write, as a caller hears it: marks, addresses, masks and abbreviations spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.vocabulary import Language
from prompts.plain import plain
from prompts.written import said, sentences

CHINESE = [
    # marks of a screen
    ("<p>您好，<b>手续费</b>已退回。</p>", ["您好，手续费已退回。"]),
    ("已退回<br>请查收", ["已退回", "请查收"]),
    ("**手续费**已退回，见[公告](https://bank.example/n/1)。", ["手续费已退回，见公告。"]),
    ("## 处理结果\n- 已退费\n- 已致歉", ["处理结果", "已退费", "已致歉"]),
    ("1. 已退费\n2) 已致歉", ["一、已退费", "二、已致歉"]),
    ("①已退费②已致歉", ["一、已退费二、已致歉"]),
    ("您好&nbsp;&amp;再见😊", ["您好和再见"]),
    ("金额<5元的不收费", ["金额 五元的不收费"]),
    # addresses
    ("详见https://www.bank.example/notice/2026?id=1。", ["详见bank点example。"]),
    ("登录www.hotline-bank.com.cn查询", ["登录hotline杠bank点com点cn查询"]),
    ("发至kefu_1@bank.example即可", ["发至kefu下划线一艾特bank点example即可"]),
    # numbers nobody says in full
    ("卡号6222 **** **** 8848", ["卡号尾号八八四八"]),
    ("尾号****8848的卡", ["尾号八八四八的卡"]),
    ("尾号（8848）的卡", ["尾号（八八四八）的卡"]),
    ("自**2026年**起", ["自二零二六年起"]),
    ("手机138****8000", ["手机尾号八零零零"]),
    ("卡6222021234568848已停用", ["卡尾号八八四八已停用"]),
    ("卡6222 0212 3456 7898 848已停用", ["卡尾号八八四八已停用"]),
    ("证件11010519491231002X", ["证件尾号零零二X"]),
    ("工单26112100014", ["工单二六幺幺，二幺零零，零幺四"]),
    # ranges, signs
    ("3-5个工作日", ["三到五个工作日"]),
    ("10～15天内", ["十到十五天内"]),
    ("周一9:00-17:30办理", ["周一上午九点到下午五点半办理"]),
    ("利率3%-5%，2‰", ["利率百分之三到百分之五，千分之二"]),
    ("12月1日-5日", ["十二月一日到五日"]),
    ("每年≤10元/次，7×24小时", ["每年不超过十元每次，七乘二十四小时"]),
    ("按#键结束", ["按井号键结束"]),
    ("ATM和APP均可", ["A T M和A P P均可"]),
    ("Ⅰ类和Ⅱ类账户", ["一类和二类账户"]),
    ("共１２笔", ["共十二笔"]),
    # figures
    ("第2次来电，2小时内2位客户", ["第二次来电，两小时内两位客户"]),
    ("2月2日，2个月，2万元，2美元", ["二月二日，两个月，两万元，两美元"]),
    ("￥12元，RMB12元，1.5万元，¥2万", ["十二元，十二元，一点五万元，两万元"]),
    ("至24:00止，9:30，0:05，21:00", ["至夜里十二点止，上午九点半，凌晨零点零五分，晚上九点"]),
    (
        "致电400 889 5588或+86 138 0013 8000",
        ["致电四零零，八八九，五五八八或八六，幺三八，零零幺三，八零零零"],
    ),
    ("15天内", ["十五天内"]),
]
ENGLISH = [
    ("Dear Mr. Wang, see **below**:\n* refunded", ["Dear Mister Wang, see below:", "refunded"]),
    ("Ref. no. 5, approx. 3 hrs.", ["reference number five, approximately three hours"]),
    ("At ATMs, e.g. the ATM in St Ann.", ["At ATMs, for example the A T M in St Ann."]),
    ("Write to help@bank.example.", ["Write to help at bank dot example."]),
    ("Visit https://www.bank.example/a/b?c=1 today.", ["Visit bank dot example today."]),
    ("Card 6222-0212-3456-8848.", ["Card ending eight eight four eight."]),
    ("Your card ending in *8848.", ["Your card ending in eight eight four eight."]),
    ("Within 3-5 working days", ["Within three to five working days"]),
    (
        "Open 9:00-17:30, 24/7 online",
        ["Open nine a.m. to five thirty p.m., around the clock online"],
    ),
    ("at 9am, 12:00 or 5:30 pm", ["at nine a.m., noon or five thirty p.m."]),
    ("on Nov 25, 2026 and 3rd May", ["on November twenty-fifth, twenty twenty-six and May third"]),
    ("the 2nd and the 21st", ["the second and the twenty-first"]),
    (
        "$12.50 & CNY 1,234.00",
        ["twelve US dollars and fifty cents and one thousand two hundred thirty-four yuan"],
    ),
    ("2.5% p.a.", ["two point five percent a year"]),
]


def spoken(text: str, language: Language) -> list[str]:
    return [said(each, language) for each in sentences(plain(text, language))]


@pytest.mark.parametrize(("written", "heard"), CHINESE)
def test_chinese_is_made_for_the_ear(written: str, heard: list[str]) -> None:
    assert spoken(written, Language.CHINESE) == heard


@pytest.mark.parametrize(("written", "heard"), ENGLISH)
def test_english_is_made_for_the_ear(written: str, heard: list[str]) -> None:
    assert spoken(written, Language.ENGLISH) == heard


@given(st.text(max_size=300), st.sampled_from(Language))
def test_anything_is_made_plain_and_nothing_of_the_screen_is_left(
    text: str, language: Language
) -> None:
    heard = " ".join(spoken(text, language))
    assert heard.isprintable()
    assert not any(each in heard for each in "*#_`|\\^~<>{}[]")
    assert not any(each.isascii() and each.isdigit() for each in heard)


@given(st.text(alphabet="0123456789", min_size=15, max_size=19), st.sampled_from(Language))
def test_of_a_long_number_only_the_ending_is_heard(number: str, language: Language) -> None:
    heard = plain(f"({number})", language)
    assert [each for each in heard if each.isdigit()] == list(number[-4:])
