"""The words of a ladder, in two languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cti.kernel.vocabulary import Language


@dataclass(frozen=True, slots=True)
class Words:
    """What is not said by SIP itself."""

    call: str
    house: str
    parties: Mapping[str, str]
    facts: Mapping[str, str]
    """By the kind of event without its room; others are shown as they are."""
    causes: Mapping[str, str] = field(default_factory=dict)

    def fact(self, what: str, detail: str) -> str:
        """A fact and what is added to it."""
        said = self.facts.get(what, what.replace("_", " "))
        return f"{said}: {self.causes.get(detail, detail.replace('_', ' '))}" if detail else said


WORDS = {
    Language.ENGLISH: Words(
        "Call",
        "hotline",
        {"caller": "caller", "agent": "agent", "system": "hotline", "": "peer"},
        {
            "delivered": "alerting",
            "connection_cleared": "left",
            "media_reported": "RTP out/in/lost",
            "resumed": "taken up again after a restart",
            "cleared": "call over",
        },
    ),
    Language.CHINESE: Words(
        "通话",
        "热线",
        {"caller": "主叫", "agent": "坐席", "system": "热线", "": "对端"},
        {
            "delivered": "振铃",
            "established": "已接通",
            "held": "已保持",
            "retrieved": "已取回",
            "failed": "未接通",
            "connection_cleared": "已离开",
            "media_reported": "RTP 发/收/丢",
            "resumed": "系统重启后恢复",
            "cleared": "通话结束",
        },
        {
            "normal": "正常",
            "busy": "忙",
            "no_answer": "无人接听",
            "refused": "拒接",
            "cancelled": "已取消",
            "destination_not_obtainable": "无法接通",
            "resources_not_available": "资源不足",
            "media_lost": "媒体中断",
            "network_signal": "网络信号",
            "interrupted": "服务中断",
        },
    ),
}
