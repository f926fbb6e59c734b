"""A page of headless Chromium as the other end of a call, told what to do line by line.

`python -m tests.support.chromium_peer FREQUENCY` reads a JSON object per line and answers with
one; see `browser_call.js` for what can be done.
"""

import json
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.support.screens import chromium

SCRIPT = Path(__file__).with_name("browser_call.js").read_text()


def do(page: Page, said: dict[str, Any]) -> dict[str, Any]:
    match said:
        case {"do": "offer"}:
            return {"sdp": page.evaluate("offer()")}
        case {"do": "accept", "sdp": sdp}:
            page.evaluate("sdp => accept(sdp)", sdp)
        case {"do": "answer", "sdp": sdp}:
            return {"sdp": page.evaluate("sdp => answer(sdp)", sdp)}
        case {"do": "press", "key": key}:
            page.evaluate("key => press(key)", key)
        case {"do": "report"}:
            heard: dict[str, Any] = page.evaluate("report()")
            return heard
    return {}


def main(frequency: float) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(content=SCRIPT)
        page.evaluate("frequency => begin(frequency)", frequency)
        for line in sys.stdin:
            said = json.loads(line)
            if said["do"] == "close":
                return
            sys.stdout.write(json.dumps(do(page, said)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]))
