"""Words as a bank's tickets have them, Chinese and English: few are common, most are rare.

Frequencies follow Zipf's law over vocabularies of which the first words are a bank's own; the rest
are pairs of common characters, or syllables. Sentences come from a stock, each with its terms, so
a million tickets need not be taken apart again; a rare word of its own keeps each ticket unlike.
"""

from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, product
from random import Random

from tickets.search.terms import text_terms, words_of

_OURS = """
客户 反映 柜台 排队 信用卡 转账 网银 手机银行 密码 余额 取款机 吞卡
理财 到期 赎回 贷款 利率 还款 逾期 征信 短信 扣款 退款 手续费
年费 额度 冻结 解冻 挂失 补卡 开户 销户 大堂 经理 态度 电话
回复 投诉 建议 预约 营业部 支行 核实 处理 时间 要求 道歉 赔偿
保险 基金 外汇 汇款 到账 失败 系统 故障
"""
OURS = tuple(_OURS.split())
_ENGLISH = """
the customer card account branch transfer was not to of and bank says counter waited queue
credit password balance machine kept loan rate repayment overdue message charge refund fee
limit frozen lost replaced opened closed manager called answer complaint asks for an apology
insurance fund currency remittance arrived failed system mobile statement interest deposit
"""
ENGLISH = tuple(dict.fromkeys(_ENGLISH.split()))
CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形"
    "相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展"
    "五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战"
    "先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白"
)
SYLLABLES = [*map("".join, product("bcdfghjklmnprstvwxz", "aeiou"))]
NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华"
VOCABULARY = 40_000
STOCK = 20_000
"""Sentences of each length."""
LENGTHS = {"title": 4, "line": 8, "text": 25}
"""Words of a sentence, by what it is."""
FLATTER = 3.0
"""Added to each rank: the commonest words are less common than Zipf has them (Mandelbrot)."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text with the terms that it is found by, written as a database's index takes them."""

    text: str
    terms: frozenset[str]


class Language:
    """A vocabulary, and words drawn from it."""

    def __init__(self, words: list[str], between: str, ends: tuple[str, str]) -> None:
        self.words, self._between, self._ends = words, between, ends
        self._shares = [*accumulate(1 / (rank + FLATTER) for rank in range(1, len(words) + 1))]

    def some(self, random: Random, count: int) -> list[str]:
        """So many words, the common ones more often."""
        whole = self._shares[-1]
        return [self.words[bisect(self._shares, random.random() * whole)] for _ in range(count)]

    def text(self, random: Random, count: int) -> str:
        """So many words as people write them; a long text has parts and an end."""
        comma, stop = self._ends
        words = self.some(random, count)
        parts = (self._between.join(words[place : place + 9]) for place in range(0, count, 9))
        return comma.join(parts) + (stop if count > 9 else "")

    def rare(self, random: Random) -> str:
        """What hardly another ticket has: a name of a shop, a product, a street."""
        return "".join(random.choice(self.words[len(self.words) // 2 :]) for _ in range(2))


class Texts:
    """A stock of sentences in both languages; a seed names them."""

    def __init__(self, seed: int, write: Callable[[int], str] = str, stock: int = STOCK) -> None:
        """`write` makes of a term what the index of words takes."""
        random = Random(f"texts {seed}")
        self._write = write
        self.chinese = Language(_chinese(random), "", ("，", "。"))
        self.english = Language(_english(random), " ", (", ", "."))
        self._stock = {
            (language, what): [
                self.phrase(language.text(random, count)) for _ in range(stock // share)
            ]
            for language, share in ((self.chinese, 1), (self.english, 4))
            for what, count in LENGTHS.items()
        }

    def phrase(self, text: str) -> Phrase:
        """A text that is in no stock, with its terms."""
        return Phrase(text, self.written(text_terms(words_of(text))))

    def written(self, terms: frozenset[int]) -> frozenset[str]:
        """These terms as the index takes them."""
        return frozenset(map(self._write, terms))

    def sentence(self, language: Language, what: str, random: Random) -> Phrase:
        """One of the stock."""
        stock = self._stock[language, what]
        return stock[int(random.random() * len(stock))]


def name_of(who: int) -> str:
    """A person's name; half a million people share some thousands."""
    return NAMES[who % 20] + GIVEN[who // 20 % 24] + (GIVEN[who // 480 % 24] if who % 3 else "")


def _chinese(random: Random) -> list[str]:
    pairs = ("".join(random.choices(CHARACTERS, k=2)) for _ in range(VOCABULARY))
    return list(dict.fromkeys((*OURS, *pairs)))


def _english(random: Random) -> list[str]:
    made = ("".join(random.choices(SYLLABLES, k=random.choice((2, 3)))) for _ in range(VOCABULARY))
    return list(dict.fromkeys((*ENGLISH, *made)))
