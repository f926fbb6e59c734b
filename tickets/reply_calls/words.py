"""What the time line says of automatic calls, in the language in which the house writes it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tickets.reply_calls.model import Why

REASONS = {
    Why.NO_ANSWER: "无人接听",
    Why.BUSY: "占线或拒接",
    Why.UNREACHABLE: "无法接通",
    Why.NO_KEY: "接通后无按键（可能为语音信箱）",
    Why.ELSEWHERE: "接听者不是客户本人",
    Why.UNPROVEN: "身份核对未通过",
    Why.UNSPOKEN: "答复语音未能合成，客户未听到全文",
    Why.HUNG_UP: "未按键确认听清",
    Why.NOT_CALLED: "工单上已无可呼叫的号码，或客户不愿接听来电",
    Why.REPLACED: "所听答复已被更正",
}
CONFIRM = "1"
"""The key of the shipped flow."""
UNSOLVED = "客户在自动答复来电中按键表示问题未解决。"


def attempt(why: Why, attempts: int, due: datetime | None, zone: ZoneInfo) -> str:
    """An attempt in vain, and when the next one is; None: it was the last."""
    after = f"下次 {due.astimezone(zone):%Y-%m-%d %H:%M}" if due is not None else "不再呼叫"
    return f"自动答复来电第{attempts}次：{REASONS[why]}，{after}。"


def proof(call_id: str, answered: datetime, confirmed: datetime, zone: ZoneInfo) -> str:
    """What proves that the customer was told; what was said stands beside it, word for word."""
    return (
        f"通话 {call_id}：{answered.astimezone(zone):%Y-%m-%d %H:%M:%S} 接听，"
        f"身份核对通过，全文播完后于 {confirmed.astimezone(zone):%H:%M:%S} 按{CONFIRM}键确认听清"
    )
