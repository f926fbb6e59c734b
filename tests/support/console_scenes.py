"""What an agent's console is given in the situations of a day, as plain entities.

Written as the board's contract says, whoever makes them; instants are relative to `now`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

Entities = dict[str, Any]

STATES = ("sign_in", "sign_out", "ready", "not_ready", "next", "finish", "extend")
CALLS = ("answer", "reject", "hang_up", "hold", "retrieve", "mute", "keys", "dial", "call_back")
JOINING = ("transfer", "consult", "complete", "conference", "reconnect", "alternate", "drop")
SERVICES = ("verify", "self_service", "take_back", "wrap_up")
ACTIONS = (*STATES, *CALLS, *JOINING, *SERVICES)
TALKING = ("hang_up", "hold", "mute", "keys", "transfer", "consult", "verify", "self_service")
ALWAYS = ("sign_out", "ready", "not_ready", "next")
CUSTOMER, COLLEAGUE = "13812345678", "1002"


def ago(seconds: float) -> str:
    """The instant so many seconds before now; negative ones are to come."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()  # noqa: TID251


def can(*possible: str, why: str = "no_call") -> dict[str, str]:
    """Those are possible, the others not for that reason."""
    return {action: "" if action in possible else why for action in ACTIONS}


def call(state: str = "connected", since: float = 83, **more: Any) -> dict[str, Any]:
    """The customer's call."""
    made: dict[str, Any] = {
        "call_id": "call-1",
        "connection_id": "leg-1",
        "kind": "inbound",
        "state": state,
        "since": ago(since),
        "answered": ago(since),
        "number": CUSTOMER,
        "name": "王芳",
        "queue_id": "general",
        "muted": False,
        "members": [],
        "secure": None,
        "away": False,
        "customer": True,
        "incoming": state == "alerting",
    }
    return {**made, **more}


def consultation(**more: Any) -> dict[str, Any]:
    """The agent's call with a colleague."""
    return call(
        since=12,
        **{
            "call_id": "call-2",
            "connection_id": "leg-2",
            "kind": "consult",
            "number": COLLEAGUE,
            "name": "李娜",
            "queue_id": None,
            **more,
        },
    )


def agent(state: str, since: float = 83, **more: Any) -> dict[str, Any]:
    """Agent ``a`` in that state."""
    made: dict[str, Any] = {
        "agent_id": "a",
        "name": "张伟",
        "extension": "1001",
        "state": state,
        "reason": "",
        "since": ago(since),
        "pending": None,
        "busy": None,
        "reason_until": None,
        "after_call": None,
        "phone": {"kind": "sip", "registered": True},
        "phone_registered": True,
        "call_id": None,
        "queue_id": None,
        "ringing": False,
        "answered": None,
        "deadline": None,
        "extensions_left": 0,
        "notes": "",
        "calls": [],
        "can": can(*ALWAYS, "dial"),
    }
    return {**made, **more}


def card(**more: Any) -> dict[str, Any]:
    """The customer's call card."""
    made: dict[str, Any] = {
        "call_id": "call-1",
        "calling": CUSTOMER,
        "place": {"names": {}, "mobile": True},
        "called": "95588",
        "started": ago(200),
        "queue_id": "general",
        "queued": ago(160),
        "offered": ago(90),
        "promised": None,
        "customer_id": "c1",
        "name": "王芳",
        "level": "special",
        "language": "zh",
        "verification": "recognised",
        "path": ["mandarin", "account", "agent"],
        "entered": {},
        "tickets": [
            {
                "number": "T20260301-0001",
                "kind": "complaint",
                "title": "信用卡重复扣费",
                "state": "in_progress",
                "opened": ago(90000),
                "due": ago(4000),
                "overdue": True,
            }
        ],
        "last_calls": [],
        "unavailable": [],
    }
    return {**made, **more}


def said(zh: str, en: str) -> dict[str, str]:
    """A text in both languages."""
    return {"zh": zh, "en": en}


PRODUCTS = [
    {
        "kind": "account",
        "name": "",
        "number_masked": "**** 0123",
        "facts": [said("余额 ¥12,300.00", "Balance ¥12,300.00")],
    },
    {
        "kind": "credit",
        "name": "",
        "number_masked": "**** 8842",
        "facts": [said("可用 ¥45,000.00", "Available ¥45,000.00"), said("已挂失", "Reported lost")],
    },
]


def customer(gate: str = "closed", **more: Any) -> dict[str, Any]:
    """What the house knows of the customer; products come with an open gate alone."""
    contacts = [
        {
            "at": ago(90000),
            "kind": "call",
            "summary": "投诉重复扣费，已登记",
            "codes": [said("错账处理", "Wrong entry")],
            "agent": "李娜",
            "outcome": "answered",
            "seconds": 184.0,
            "path": ["account", "agent"],
            "call_id": "old-1",
        },
        {
            "at": ago(900000),
            "kind": "call",
            "summary": "",
            "codes": [],
            "agent": "",
            "outcome": "self_served",
            "seconds": 47.0,
            "path": ["account", "balance"],
            "call_id": "old-2",
        },
    ]
    made: dict[str, Any] = {
        "call_id": "call-1",
        "customer_id": "c1",
        "name": "王芳",
        "names": said("王芳", "Wang Fang"),
        "sex": "female",
        "level": "special",
        "language": "zh",
        "numbers_masked": ["138****5678"],
        "gate": gate,
        "gate_reason": "" if gate == "open" else "not_verified",
        "matches": [],
        "products": PRODUCTS if gate == "open" else None,
        "tickets": card()["tickets"],
        "contacts": contacts,
        "notes": [
            {
                "at": ago(400000),
                "by": "李娜",
                "text": "希望下午联系，普通话沟通。",
                "important": True,
            }
        ],
        "consents": {"do_not_call": False, "recording": True, "marketing": False},
        "alerts": [said("有投诉已超时", "A complaint is overdue")],
        "unavailable": [],
    }
    return {**made, **more}


def around() -> Entities:
    """What is beside the agent all day: queues, colleagues, codes, the day."""
    queues = {
        "general": ("综合服务", "General service", 3, 41),
        "complaints": ("投诉", "Complaints", 0, 0),
    }
    shown: Entities = {
        f"queue/{name}": {
            "names": {"zh": zh, "en": en},
            "waiting": waiting,
            "oldest": ago(oldest) if waiting else None,
            "threshold": 20.0,
            "service_level": 0.84,
        }
        for name, (zh, en, waiting, oldest) in queues.items()
    }
    shown |= {
        f"directory/queue/{name}": {
            "names": {"zh": zh, "en": en},
            "waiting": waiting,
            "oldest": ago(oldest) if waiting else None,
            "ready": 2,
        }
        for name, (zh, en, waiting, oldest) in queues.items()
    }
    people = [
        ("b", "李娜", "1002", "ready"),
        ("c", "陈晨", "1003", "busy"),
        ("d", "刘洋", "1004", "not_ready"),
    ]
    shown |= {
        f"directory/agent/{name}": {
            "name": who,
            "extension": extension,
            "state": state,
            "since": ago(300),
            "queues": ["general"],
        }
        for name, who, extension, state in people
    }
    shown["codes"] = CODES
    shown["desk/a"] = {}
    shown["favourites/a"] = [
        {"kind": "agent", "target": "c"},
        {"kind": "number", "target": "95599"},
    ]
    shown["wrap_up/a"] = {
        "call_id": "call-1",
        "required": True,
        "queue_id": "general",
        "code": None,
        "follow_up": None,
    }
    shown["day/a"] = {
        "handled": 23,
        "talk_seconds": 7260,
        "after_call_seconds": 1320,
        "average_handling": 373.0,
        "occupancy": 0.71,
        "missed": 1,
        "call_backs": [
            {
                "call_id": "old-9",
                "at": ago(-3600),
                "name": "赵敏",
                "number": "139****0002",
                "note": "答复利率",
            }
        ],
    }
    return shown


CODES = [
    {
        "code": "account",
        "zh": "账户业务",
        "en": "Accounts",
        "needs": [],
        "children": [
            {
                "code": "account.balance",
                "zh": "余额查询",
                "en": "Balance",
                "needs": [],
                "children": [],
            },
            {
                "code": "account.error",
                "zh": "错账处理",
                "en": "Wrong entry",
                "needs": ["note"],
                "children": [],
            },
        ],
    },
    {
        "code": "cards",
        "zh": "银行卡",
        "en": "Cards",
        "needs": [],
        "children": [
            {"code": "cards.loss", "zh": "挂失", "en": "Card loss", "needs": [], "children": []},
            {
                "code": "cards.limit",
                "zh": "额度调整",
                "en": "Credit limit",
                "needs": ["follow_up"],
                "children": [],
            },
        ],
    },
]


def idle() -> Entities:
    """Ready, nobody calls."""
    return {**around(), "agent/a": agent("ready")}


def off() -> Entities:
    """Not signed in."""
    return {**around(), "agent/a": agent("logged_off", can=can("sign_in", why="signed_off"))}


def away(left: float = 300) -> Entities:
    """At lunch, with so many seconds left."""
    return {
        **around(),
        "agent/a": agent("not_ready", 1500, reason="lunch", reason_until=ago(-left)),
    }


def alerting() -> Entities:
    """The customer's call rings."""
    calls = [call("alerting", 4, answered=None)]
    shown = agent(
        "reserved",
        4,
        call_id="call-1",
        queue_id="general",
        ringing=True,
        deadline=ago(-11),
        calls=calls,
        can=can(*ALWAYS, "reject", "answer"),
        phone={"kind": "browser", "registered": True},
    )
    return {
        **around(),
        "agent/a": shown,
        "card/a": card(offered=ago(4), promised=ago(900)),
        "customer/a": customer(),
    }


def talking(gate: str = "closed", *possible: str, **more: Any) -> Entities:
    """In conversation with the customer."""
    verification = "signed_in" if gate == "open" else "recognised"
    made: dict[str, Any] = {
        "state": "busy",
        "call_id": "call-1",
        "queue_id": "general",
        "answered": ago(83),
        "busy": "inbound",
        "calls": [call()],
        "can": can(*ALWAYS, *TALKING, *possible, why="no_second_call"),
    }
    return {
        **around(),
        "agent/a": agent(since=83, **{**made, **more}),
        "card/a": card(verification=verification),
        "customer/a": customer(gate),
    }


def two_calls() -> Entities:
    """The customer is on hold while the agent talks to a colleague."""
    calls = [consultation(), call("hold")]
    able = ("complete", "conference", "reconnect", "alternate", "hang_up", "mute", "keys")
    return talking(
        "open", busy="consult", calls=calls, can=can(*ALWAYS, *able, why="no_second_call")
    )


def asked() -> Entities:
    """A colleague's call rings."""
    calls = [consultation(state="alerting", answered=None, incoming=True)]
    able = can(*ALWAYS, "reject", why="rings")
    return {**around(), "agent/a": agent("busy", 3, busy="consult", calls=calls, can=able)}


def conference() -> Entities:
    """Customer, agent and colleague in one call."""
    members = [
        {
            "connection_id": "leg-0",
            "device_id": CUSTOMER,
            "name": "王芳",
            "party": "caller",
            "role": "talker",
            "state": "connected",
        },
        {
            "connection_id": "leg-1",
            "device_id": "1001",
            "name": "张伟",
            "party": "agent",
            "role": "talker",
            "state": "connected",
        },
        {
            "connection_id": "leg-2",
            "device_id": "1002",
            "name": "李娜",
            "party": "agent",
            "role": "talker",
            "state": "connected",
        },
    ]
    return talking("open", "drop", calls=[call(members=members, muted=True)])


def stranger() -> Entities:
    """Somebody calls whose number is that of two customers."""
    nobody = customer(
        customer_id=None,
        name="",
        names={},
        gate_reason="unknown_customer",
        matches=[
            {"customer_id": "c1", "names": said("王芳", "Wang Fang"), "level": "special"},
            {"customer_id": "c2", "names": said("王建国", "Wang Jianguo"), "level": "uniform"},
        ],
        tickets=[],
        contacts=[],
        notes=[],
        consents={},
        alerts=[],
    )
    shown = talking(calls=[call(name="")])
    unknown = card(customer_id=None, name="", level="uniform", verification="none", tickets=[])
    return {**shown, "card/a": unknown, "customer/a": nobody}


def elsewhere() -> Entities:
    """The agent works in another page."""
    return {**talking(), "desk/a": {"page": "another"}}


def secure() -> Entities:
    """The customer is in the IVR, where nobody hears them."""
    calls = [call("hold", secure={"purpose": "verify", "since": ago(17)})]
    able = can(*ALWAYS, "take_back", "hang_up", why="secure")
    return talking(state="hold", calls=calls, can=able)


def returned(result: str = "verified") -> Entities:
    """The customer is back from the IVR."""
    loan = {
        "call_id": "call-1",
        "purpose": "verify",
        "since": ago(70),
        "ended": ago(4),
        "result": result,
        "services": [],
    }
    return {**talking("open" if result == "verified" else "closed"), "loan/a": loan}


def wrap_up(mode: str = "extendable") -> Entities:
    """After the call, in that mode."""
    after = {
        "mode": mode,
        "deadline": None if mode == "until_finished" else ago(-25),
        "extensions_left": 3,
    }
    shown = agent(
        "working_after_call",
        12,
        call_id="call-1",
        queue_id="general",
        answered=ago(200),
        deadline=after["deadline"],
        extensions_left=3,
        after_call=after,
        notes="客户反映重复扣费",
        can=can(*ALWAYS, "finish", "extend", "wrap_up", "dial", "call_back"),
    )
    return {**around(), "agent/a": shown, "card/a": card(), "customer/a": customer()}


SCENES = {
    "off": off,
    "idle": idle,
    "away": away,
    "overdue": lambda: away(-60),
    "ringing": alerting,
    "talking": talking,
    "verified": lambda: talking("open"),
    "two-calls": two_calls,
    "asked": asked,
    "conference": conference,
    "secure": secure,
    "returned": returned,
    "locked": lambda: returned("locked"),
    "stranger": stranger,
    "elsewhere": elsewhere,
    "wrap-up": wrap_up,
    "unhurried": lambda: wrap_up("until_finished"),
}
"""Every situation by name."""
