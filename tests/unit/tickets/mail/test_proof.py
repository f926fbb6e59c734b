"""What the bank's own mail server says of a sender is believed; nobody else's word is."""

import pytest

from tickets.mail.proof import LONGEST, proven

OURS = "mx.bank.example"
SENDER = "wang@mail.example"


@pytest.mark.parametrize(
    "field",
    [
        "mx.bank.example; dkim=pass header.d=mail.example header.s=s1",
        "mx.bank.example 1; spf=fail smtp.mailfrom=x; dmarc=pass (p=none) header.from=mail.example",
        "MX.bank.example;\r\n\tdkim=pass (2048-bit key; (unprotected)) header.i=@mail.example",
        "mx.bank.example; dkim=fail header.d=mail.example; dkim=pass header.d=Mail.Example",
        'mx.bank.example; dkim/1=pass header.d="mail.example"',
        'mx.bank.example; dkim=pass reason="good (\\"sure\\"); fine" header.d=mail.example',
        f"mx.bank.example; {'(' * 4000}{')' * 4000} dkim=pass header.d=mail.example",
    ],
)
def test_the_domains_own_signature_or_policy_proves_it(field: str) -> None:
    assert proven([field], OURS, SENDER)


@pytest.mark.parametrize(
    "field",
    [
        "mx.bank.example; none",
        "mx.bank.example; spf=pass smtp.mailfrom=mail.example",
        "mx.bank.example; dkim=pass header.d=stranger.example",
        "mx.bank.example; dkim=pass header.d=example",
        "mx.bank.example; dkim=fail header.d=mail.example",
        "mx.bank.example; dkim=fail (dkim=pass header.d=mail.example)",
        "mx.bank.example; dmarc=pass header.from=stranger.example",
        "mx.bank.example; x-dkim=pass header.d=mail.example",
        "mx.stranger.example; dkim=pass header.d=mail.example",
        "dkim=pass header.d=mail.example",
        'mx.bank.example; spf=pass smtp.mailfrom="x; dmarc=pass header.from=mail.example y"@a.b',
        'mx.bank.example; dkim=pass header.i="x@mail.example"@stranger.example',
        'mx.bank.example; dkim=pass header.i="x header.d=mail.example y"@stranger.example',
        "mx.bank.example; dkim=pass x-header.d=mail.example header.d=stranger.example",
        r"mx.bank.example; spf=pass (of x\) ; dmarc=pass header.from=mail.example )",
        r'mx.bank.example; spf=pass smtp.mailfrom="x\"; dkim=pass header.d=mail.example y"@a.b',
        'mx.bank.example; spf=pass smtp.mailfrom="x; dkim=pass header.d=mail.example',
        f"mx.bank.example; dkim=pass header.d=mail.example{'.' * LONGEST}stranger.example",
        "",
    ],
)
def test_nothing_else_does(field: str) -> None:
    assert not proven([field], OURS, SENDER)


def test_the_field_on_top_counts_and_only_ours() -> None:
    forged = "mx.bank.example; dkim=pass header.d=mail.example"
    honest = "mx.bank.example; dkim=none"
    assert not proven([honest, forged], OURS, SENDER)
    assert proven(["mx.other.example; dkim=fail", forged], OURS, SENDER)


@pytest.mark.parametrize(("server", "sender"), [("", SENDER), (OURS, ""), (OURS, "nobody")])
def test_without_a_server_or_a_domain_nothing_is_proven(server: str, sender: str) -> None:
    assert not proven(
        ["mx.bank.example; dkim=pass header.d=mail.example", "; dkim=pass"], server, sender
    )
