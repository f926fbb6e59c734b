import json
from typing import Any

import pytest

from agents.acd import reading
from agents.acd.demand import parse
from agents.acd.queue import Claim, HeadStarts
from agents.acd.reading import RulesError
from agents.acd.rules import (
    Order,
    Patience,
    QueueRules,
    Stage,
    rules_from,
    rules_to,
)
from cti.kernel.vocabulary import ServiceLevel, Situation, Verification

WHOLE: dict[str, Any] = {
    "demand": "loans >= 5 and (cards >= 3 or general)",
    "stages": [{"after": 30, "demand": "loans >= 3"}, {"after": "1 min", "demand": "general"}],
    "verified": {"signed_in": "transactions"},
    "order": "group_priority",
    "group": "loans",
    "sticky": {"patience": 10, "within": "3 days"},
    "owner": {"patience": 20, "others": True},
    "head_starts": {"situations": {"card_loss": "1 h"}, "levels": {"special": 60}},
}


def test_everything_is_read() -> None:
    usual = HeadStarts()
    assert rules_from(WHOLE) == QueueRules(
        demand=parse("loans >= 5 and (cards >= 3 or general)"),
        stages=(Stage(30, parse("loans >= 3")), Stage(60, parse("general"))),
        verified={Verification.SIGNED_IN: parse("transactions")},
        order=Order.GROUP_PRIORITY,
        group="loans",
        sticky=Patience(10, 3 * 86400),
        owner=Patience(20, 7 * 86400, others=True),
        head_starts=HeadStarts(
            {**usual.situations, Situation.CARD_LOSS: 3600},
            {**usual.levels, ServiceLevel.SPECIAL: 60},
        ),
    )


@pytest.mark.parametrize("plain", [{"demand": "general"}, WHOLE])
def test_what_is_written_reads_back(plain: dict[str, Any]) -> None:
    rules = rules_from(plain)
    assert rules_from(json.loads(json.dumps(rules_to(rules)))) == rules


def test_a_demand_alone_is_enough() -> None:
    assert rules_from({"demand": "general"}) == QueueRules(parse("general"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"demand": None}, "demand: write a text, not None"),
        ({"demand": "loans >"}, 'demand: column 7: ">" has no meaning here'),
        ({"stages": 5}, "stages: write a list, not 5"),
        ({"stages": [{"after": 30}]}, "stages[0].demand: is missing"),
        (
            {"stages": [{"after": 30, "demand": "a"}, {"after": 30, "demand": "b"}]},
            "stages[1].after: write a later time than the stage before",
        ),
        ({"verified": {"sworn": "a"}}, "verified.sworn: means nothing here; known are none,"),
        ({"order": "fairest"}, "order: write one of longest_idle, most_skilled,"),
        ({"sticky": {"patience": "soon"}}, "sticky.patience: write a time, such as 30, 20 min"),
        ({"sticky": {"patience": -1}}, "sticky.patience: write a time"),
        ({"sticky": {"patience": True}}, "sticky.patience: write a time"),
        ({"sticky": {"within": 5}}, "sticky.patience: is missing"),
        ({"owner": {"patience": 5, "others": "no"}}, "owner.others: write true or false"),
        ({"owner": 5}, "owner: write keys with values here, not 5"),
        (
            {"head_starts": {"levels": {"special": "2 days"}}},
            "head_starts.levels.special: write a time of at most 86400 seconds",
        ),
        ({"colour": 1}, "colour: means nothing here; known are demand, stages,"),
    ],
)
def test_a_mistake_names_its_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RulesError) as caught:
        rules_from({**WHOLE, **change})
    assert str(caught.value).startswith(message)
    assert caught.value.key == message.split(":")[0]


def test_rules_are_a_mapping() -> None:
    with pytest.raises(RulesError, match="write keys with values here, not 'general'"):
        rules_from("general")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(10, 10), (1.5, 1.5), ("90", 90), ("20 min", 1200), ("20min", 1200), ("1 day", 86400)],
)
def test_times_have_units(written: object, seconds: float) -> None:
    assert reading.seconds(written, "key") == seconds


def test_each_stage_takes_whom_the_ones_before_took() -> None:
    rules = rules_from(WHOLE)
    stages = {at: rules.stage(100.0, at) for at in (100, 129.9, 130, 159.9, 160, 9999)}
    assert stages == {100: 0, 129.9: 0, 130: 1, 159.9: 1, 160: 2, 9999: 2}
    assert [rules.widens(100.0, at) for at in (100, 130, 160)] == [130, 160, None]
    assert str(rules.demand_at(2)) == (
        "loans >= 5 and (cards >= 3 or general) or loans >= 3 or general"
    )


def test_verification_is_never_relaxed() -> None:
    rules = rules_from(WHOLE)
    assert str(rules.required(Verification.SIGNED_IN, 1)) == (
        "transactions and (loans >= 5 and (cards >= 3 or general) or loans >= 3)"
    )
    assert rules.required(Verification.NONE, 1) == rules.demand_at(1)


def test_who_serves_a_queue_serves_its_last_stage_at_least() -> None:
    rules = rules_from(WHOLE)
    assert rules.served_with({"general": 1})
    assert not rules.served_with({"cards": 9})


def test_each_claim_has_its_patience() -> None:
    rules = rules_from(WHOLE)
    assert rules.patience(Claim.OWNER) == rules.owner
    assert rules.patience(Claim.LAST_AGENT) == rules.sticky
