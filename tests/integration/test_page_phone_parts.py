"""The parts of the page's telephone that need no house: from messages to the line."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from cti.sip.access.digest import Algorithm, account, parameters, response
from tests.support.page_modules import page_of_modules
from tests.support.screens import chromium

pytestmark = pytest.mark.needs("chromium")

PHONE = "/static/agents/phone"
INVITE = "\r\n".join(
    [
        "INVITE sip:1001@abc.invalid;transport=ws SIP/2.0",
        "v: SIP/2.0/WS 127.0.0.1:5060;branch=z9hG4bKone, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKtwo",
        'f: "Wang, \\"Fang\\"" <sip:13912345678@127.0.0.1>;tag=far',
        "t: <sip:1001@127.0.0.1>",
        "i: call-1",
        "CSeq: 7 INVITE",
        "m: <sip:hotline@127.0.0.1:5060;transport=ws>",
        "Record-Route: <sip:p1;lr>, <sip:p2;lr>",
        "Subject: one",
        "  and two",
        "Content-Length: 4",
        "",
        "v=0\n",
    ]
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with page_of_modules(browser) as page:
        yield page


def run(page: Page, module: str, script: str, given: Any = None) -> Any:
    """What the script, the body of an async function of the module and what is given, returns."""
    wrapped = f"async (given) => {{ const m = await import('{PHONE}/{module}.js'); {script} }}"
    return page.evaluate(wrapped, given)


def test_a_message_is_read_whatever_way_its_headers_are_written(page: Page) -> None:
    script = """
      const read = m.parse(given);
      return [read.method, read.uri, read.all("via").length, read.all("record-route"),
              read.one("subject"), read.body, m.personOf(read.one("from")),
              m.uriOf(read.one("contact")), m.parameter(read.one("from"), "tag")];
    """
    assert run(page, "message", script, INVITE) == [
        "INVITE",
        "sip:1001@abc.invalid;transport=ws",
        2,
        ["<sip:p1;lr>", "<sip:p2;lr>"],
        "one and two",
        "v=0\n",
        {"number": "13912345678", "name": 'Wang, "Fang"'},
        "sip:hotline@127.0.0.1:5060;transport=ws",
        "far",
    ]


@pytest.mark.parametrize("text", ["", "\r\n\r\n", "nonsense", "SIP/2.0 abc\r\n\r\n", "x\r\n\r\n"])
def test_what_is_no_message_is_none(page: Page, text: str) -> None:
    assert run(page, "message", "return m.parse(given);", text) is None


def test_an_answer_has_what_must_be_copied_and_our_tag_once(page: Page) -> None:
    script = """
      const text = m.composeResponse(m.parse(given), 200, {tag: "ours", body: "é"});
      const read = m.parse(text);
      return [read.status, read.method, read.all("via").length, read.one("to"),
              read.one("content-length")];
    """
    expected = [200, "INVITE", 2, "<sip:1001@127.0.0.1>;tag=ours", "2"]
    assert run(page, "message", script, INVITE) == expected


def test_a_challenge_is_answered_as_the_house_reckons_it(page: Page) -> None:
    challenge = (
        "SIP/2.0 401 Unauthorized\r\n"
        'WWW-Authenticate: Digest realm="hotline", nonce="n1", algorithm=MD5, qop="auth"\r\n'
        'WWW-Authenticate: Digest realm="hotline", nonce="n2", algorithm=SHA-256, qop="auth"'
        "\r\n\r\n"
    )
    script = """
      const {parse} = await import("/static/agents/phone/message.js");
      const digest = new m.Digest({user: "1001", password: "pw", realm: "hotline"});
      const before = await digest.proof("REGISTER", "sip:h");
      digest.challenged(parse(given));
      const one = await digest.proof("REGISTER", "sip:h");
      const two = await digest.proof("REGISTER", "sip:h");
      return [before, one[0][1], two[0][1]];
    """
    before, *answers = run(page, "digest", script, challenge)
    assert before == []
    ha1 = account("1001", "hotline", "pw").ha1_sha256
    for count, value in enumerate(answers, 1):
        given = parameters(value)
        assert given["nonce"] == "n2"
        assert int(given["nc"], 16) == count
        assert given["response"] == response(Algorithm.SHA256, ha1, "REGISTER", given)


def test_what_came_twice_is_answered_twice_and_told_once(page: Page) -> None:
    script = """
      const sent = [], told = [];
      const layer = new m.Transactions({send: (text) => sent.push(text), host: "h.invalid",
        onRequest: (request) => { told.push(request.method); layer.respond(request, 180); }});
      layer.receive(given); layer.receive(given);
      return [told, sent.length, sent[0] === sent[1]];
    """
    assert run(page, "transactions", script, INVITE) == [["INVITE"], 2, True]


def test_what_nobody_can_answer_any_more_is_answered_503(page: Page) -> None:
    script = """
      const layer = new m.Transactions({send: () => {}, host: "h.invalid", onRequest: () => {}});
      const asked = layer.request("REGISTER", "sip:h", []);
      layer.disconnected();
      const {status, silent} = await asked;
      return [status, silent];
    """
    assert run(page, "transactions", script) == [503, True]


def test_an_answer_settles_the_request_that_it_belongs_to(page: Page) -> None:
    script = """
      const {parse, composeResponse} = await import("/static/agents/phone/message.js");
      const sent = [];
      const layer = new m.Transactions({send: (text) => sent.push(text), host: "h.invalid",
                                        onRequest: () => {}});
      const one = layer.request("OPTIONS", "sip:a", [["CSeq", "1 OPTIONS"]]);
      const two = layer.request("OPTIONS", "sip:b", [["CSeq", "2 OPTIONS"]]);
      layer.receive(composeResponse(parse(sent[1]), 100));
      layer.receive(composeResponse(parse(sent[1]), 481));
      layer.receive(composeResponse(parse(sent[0]), 200));
      return [(await one).status, (await two).status];
    """
    assert run(page, "transactions", script) == [200, 481]


CALL = """
  const {parse, composeRequest} = await import("/static/agents/phone/message.js");
  const answered = [], seen = [];
  const transactions = {
    respond: (request, status) => answered.push([request.method, status]),
    request: async (method) => { answered.push([method, 0]); return {status: 200}; },
  };
  const media = {answer: async () => "v=0", close: () => seen.push("closed"), mute: () => {}};
  const invite = parse(given);
  const call = new m.Call(invite, {transactions, contact: "sip:1001@x.invalid",
    makeMedia: () => media, onChange: ({state, why}) => seen.push(why || state)});
  const within = (method, cseq) => parse(composeRequest(method, "sip:me", [
    ["Via", "SIP/2.0/WS h;branch=z9hG4bK" + cseq], ["From", call.dialog.remote],
    ["To", call.dialog.local], ["Call-ID", "call-1"], ["CSeq", cseq + " " + method]]));
  const cancel = parse(given.replace("INVITE sip", "CANCEL sip").replace("7 INVITE", "7 CANCEL"));
"""


@pytest.mark.parametrize(
    ("steps", "answers", "seen"),
    [
        (
            "await call.answer(); await call.take(within('BYE', 8));",
            [["INVITE", 180], ["INVITE", 200], ["BYE", 200]],
            ["talking", "closed", "left"],
        ),
        (
            "await call.take(cancel); await call.answer(); call.hangUp();",
            [["INVITE", 180], ["CANCEL", 200], ["INVITE", 487]],
            ["cancelled"],
        ),
        (
            "const going = call.answer(); await call.take(cancel); await going;",
            [["INVITE", 180], ["CANCEL", 200], ["INVITE", 487]],
            ["closed", "cancelled"],
        ),
        (
            "await call.answer(); await call.take(cancel); await call.answer(); call.hangUp();",
            [["INVITE", 180], ["INVITE", 200], ["CANCEL", 200], ["BYE", 0]],
            ["talking", "closed", "hung_up"],
        ),
        (
            "call.reject(); call.reject(); await call.answer();",
            [["INVITE", 180], ["INVITE", 603]],
            ["rejected"],
        ),
        (
            """
            await call.answer(); await call.take(within('ACK', 7));
            await call.take(within('OPTIONS', 8)); await call.take(within('BYE', 3));
            """,
            [["INVITE", 180], ["INVITE", 200], ["OPTIONS", 200], ["BYE", 500]],
            ["talking"],
        ),
    ],
)
def test_a_call_takes_each_of_its_steps_once(
    page: Page, steps: str, answers: list[Any], seen: list[str]
) -> None:
    result = run(page, "call", f"{CALL} {steps} return [answered, seen];", INVITE)
    assert result == [answers, seen]


def test_the_line_is_judged_by_what_came_since_the_look_before(page: Page) -> None:
    script = """
      const stats = (received, lost) => new Map([
        ["i", {type: "inbound-rtp", packetsReceived: received, packetsLost: lost, jitter: 0.0042}],
        ["r", {type: "remote-inbound-rtp", roundTripTime: 0.0216}]]);
      const one = m.measure(stats(100, 0)), two = m.measure(stats(190, 10), one);
      const three = m.measure(stats(190, 10), two);
      return [one, two, three].map(({rtt, loss, jitter, heard}) => [rtt, loss, jitter, heard])
        .concat([[m.grade(one), m.grade(two), m.grade(three)]]);
    """
    assert run(page, "quality", script) == [
        [21.6, 0, 4.2, True],
        [21.6, 10, 4.2, True],
        [21.6, None, 4.2, False],
        ["good", "poor", "none"],
    ]


def test_another_page_of_the_browser_is_told_where_the_telephone_is(page: Page) -> None:
    script = """
      window.lost = 0;
      return (await m.claim(() => { window.lost += 1; }, given)) !== null;
    """
    assert run(page, "ownership", script, {})
    second = page.context.new_page()
    second.goto(page.url)
    assert not run(second, "ownership", script, {})
    assert run(second, "ownership", script, {"steal": True})
    page.wait_for_function("lost === 1")
    assert not run(page, "ownership", script, {})


START = """
  let asked = 0;
  navigator.mediaDevices.getUserMedia = async () => {
    asked += 1;
    return new AudioContext().createMediaStreamDestination().stream;
  };
  const states = [];
  const phone = m.createPhone({
    credentials: async ({takeover}) => {
      if (!takeover) throw Object.assign(new Error(), {error: given});
      return new Promise(() => {});
    },
    onState: (state) => states.push(state.place),
  });
"""


@pytest.mark.parametrize("why", ["phone.elsewhere", "agent.desk_elsewhere"])
def test_a_page_of_another_browser_asks_for_no_microphone(page: Page, why: str) -> None:
    script = f"{START} return [await phone.start(), asked, states.at(-1)];"
    assert run(page, "phone", script, why) == ["elsewhere", 0, "elsewhere"]
    script = "return (await m.claim(() => {})) !== null;"
    assert run(page, "ownership", script), "it keeps nobody from being the one"


def test_a_house_that_is_out_of_reach_is_asked_again_once_there_is_sound(page: Page) -> None:
    script = (
        f"{START} const place = await phone.start(); await phone.stop(); return [place, asked];"
    )
    place, asked = run(page, "phone", script, "live.disconnected")
    assert place in ("here", "muted")
    assert asked == 1
