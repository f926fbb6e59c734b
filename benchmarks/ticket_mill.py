"""Makes tickets by the million, as a bank's hotline has them: mostly closed, in Chinese, unequal.

Words follow Zipf's law over a vocabulary of which the first are a bank's own and the rest pairs of
common characters, so a search may meet a word of every fifth ticket, of a hundred, or of one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np

from cti.kernel.identifiers import CustomerId, DepartmentId, StaffId, TicketNumber
from tickets.clocks.model import Clock, InternalClock
from tickets.model import (
    Case,
    CaseState,
    Dispatch,
    DispatchState,
    Draft,
    Requester,
    TicketKind,
    Urgency,
)
from tickets.numbers import ticket_number
from tickets.workflow import ClockKind

_OURS = """
客户 反映 柜台 排队 信用卡 转账 网银 手机银行 密码 余额 取款机 吞卡
理财 到期 赎回 贷款 利率 还款 逾期 征信 短信 扣款 退款 手续费
年费 额度 冻结 解冻 挂失 补卡 开户 销户 大堂 经理 态度 电话
回复 投诉 建议 预约 营业部 支行 核实 处理 时间 要求 道歉 赔偿
保险 基金 外汇 汇款 到账 失败 系统 故障
"""
OURS = tuple(_OURS.split())
CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形"
    "相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展"
    "五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战"
    "先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白"
)
NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华"
WORDS = 40_000
DEPARTMENTS = tuple(DepartmentId(f"dept-{number:02}") for number in range(24))
AGENTS = tuple(StaffId(f"agent-{number:03}") for number in range(200))
START = datetime(2024, 11, 1, 1, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
OPEN_SHARE = 0.05
OPEN_STATES = (CaseState.REGISTERED, CaseState.IN_PROGRESS, CaseState.RESULT_IN, CaseState.REPLIED)
OPEN_SHARES = (0.15, 0.6, 0.1, 0.15)
KIND_SHARES = (0.35, 0.1, 0.1, 0.25, 0.2)
URGENCY_SHARES = (0.85, 0.12, 0.03)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made:
    """A ticket with its clocks, and what was said on its way."""

    case: Case
    clocks: tuple[Clock, ...]
    said: tuple[str, ...]


class Mill:
    """Makes `total` tickets; a seed names them."""

    def __init__(self, seed: int, total: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.total = total
        self.words = self._vocabulary()
        ranks = np.arange(1, len(self.words) + 1)
        shares = 1 / (ranks + 3.0)
        self._shares = np.cumsum(shares / shares.sum())

    def tickets(self) -> Iterator[Made]:
        """All of them, as they were registered."""
        step = (NOW - START) / self.total
        day, serial = START.date(), 0
        for number in range(self.total):
            opened = START + step * number
            if opened.date() != day:
                day, serial = opened.date(), 0
            serial += 1
            yield self._made(ticket_number(day, serial), opened)

    def text(self, words: int) -> str:
        """So many words, as they follow each other without blanks."""
        return "".join(self.some(words))

    def some(self, words: int) -> list[str]:
        """So many words of the vocabulary, the common ones more often."""
        places = np.searchsorted(self._shares, self._rng.random(words))
        return [self.words[place] for place in places]

    def _vocabulary(self) -> list[str]:
        letters = self._rng.integers(0, len(CHARACTERS), size=(WORDS, 2))
        pairs = (CHARACTERS[first] + CHARACTERS[second] for first, second in letters)
        return list(dict.fromkeys((*OURS, *pairs)))

    def _made(self, number: TicketNumber, opened: datetime) -> Made:
        rng = self._rng
        chance = rng.random(4)
        # Most of what is open is young, some of it is very old.
        age = (NOW - opened) / (NOW - START)
        is_open = chance[0] < OPEN_SHARE * 4 * (1 - age) ** 3
        state = _pick(OPEN_STATES, OPEN_SHARES, chance[1]) if is_open else CaseState.CLOSED
        case = Case(
            number=number,
            draft=self._draft(chance),
            state=state,
            opened=opened,
            opened_by=AGENTS[int(chance[2] * len(AGENTS))],
            version=4,
            ended=None if is_open else opened + timedelta(days=3),
            level=int(chance[3] < 0.02),
        )
        case = replace(case, dispatches=self._dispatches(case))
        said = (self.text(8), self.text(25)) if case.dispatches else (self.text(15),)
        return Made(case, tuple(self._clocks(case)) if is_open else (), said)

    def _draft(self, chance: np.ndarray) -> Draft:
        rng = self._rng
        who = int(rng.integers(0, 300_000))
        name = NAMES[who % len(NAMES)] + GIVEN[who % len(GIVEN)] + GIVEN[who % 7]
        return Draft(
            kind=_pick(tuple(TicketKind), KIND_SHARES, float(rng.random())),
            title=self.text(5),
            text=f"{self.text(12)}，{self.text(12)}。{self.text(10)}。",
            requester=Requester(
                name, f"1{38 + who % 50}{who * 7919 % 10**8:08}", CustomerId(f"C{who}")
            ),
            urgency=_pick(tuple(Urgency), URGENCY_SHARES, chance[3]),
            about=self.text(2),
        )

    def _dispatches(self, case: Case) -> tuple[Dispatch, ...]:
        if case.state is CaseState.REGISTERED:
            return ()
        rng = self._rng
        department = DEPARTMENTS[min(int(rng.exponential(5)), len(DEPARTMENTS) - 1)]
        if case.state is not CaseState.IN_PROGRESS:
            return (Dispatch(1, department, lead=True, state=DispatchState.APPROVED),)
        state = _pick(
            (DispatchState.SENT, DispatchState.ACCEPTED, DispatchState.RESULT),
            (0.25, 0.6, 0.15),
            float(rng.random()),
        )
        urged = bool(rng.random() < 0.08)
        return (Dispatch(1, department, True, state, urges=int(urged), urge_open=urged),)

    def _clocks(self, case: Case) -> Iterator[Clock]:
        kinds: list[tuple[ClockKind, int | None]] = [
            (ClockKind.DECISION, None),
            (ClockKind.FIRST_CONTACT, None),
        ]
        kinds += [(ClockKind.DISPATCH, None)] if case.state is CaseState.REGISTERED else []
        for each in case.dispatches:
            kinds += [(ClockKind.ACCEPT, each.serial), (ClockKind.RESULT, each.serial)]
        hours = self._rng.exponential(120, len(kinds))
        for serial, ((kind, dispatch), left) in enumerate(zip(kinds, hours, strict=True), 1):
            yield InternalClock(
                serial=serial,
                kind=kind,
                dispatch=dispatch,
                calendar="office",
                target=timedelta(hours=14),
                started=case.opened,
                due=NOW + timedelta(hours=float(left) - 12),
            )


def _pick(values: tuple[T, ...], shares: tuple[float, ...], chance: float) -> T:
    for value, share in zip(values, shares, strict=True):
        chance -= share
        if chance < 0:
            return value
    return values[0]
