"""The console in a real browser: what an agent sees and presses through one call."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.support.needs import all_needs

pytestmark = pytest.mark.needs("chromium")


@dataclass
class Desk:
    page: Page
    world: Callable[[str], None]
    errors: list[str]

    def state(self, word: str) -> None:
        expect(self.page.locator("#state-word")).to_have_text(word)


@pytest.fixture
def desk() -> Iterator[Desk]:
    command = [sys.executable, "-m", "tests.support.console_server"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    there = json.loads(server.stdout.readline())

    def world(what: str) -> None:
        print(what, file=server.stdin, flush=True)

    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=all_needs()["chromium"].path, args=["--no-sandbox"]
        )
        context = browser.new_context(locale="zh-CN")
        cookie = {"name": "hotline_session", "value": there["token"], "url": there["address"]}
        context.add_cookies([cookie])  # type: ignore[list-item]  # a SetCookieParam
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(f"{there['address']}/console")
        yield Desk(page, world, errors)
        browser.close()
    server.stdin.close()
    assert server.wait(10) == 0
    assert not errors


def test_a_shift_of_one_call(desk: Desk) -> None:
    page = desk.page
    desk.state("未签入")
    page.locator("[data-do=sign_in]").click()
    desk.state("示忙")
    page.keyboard.press("F2")
    expect(page.locator("#why-ready")).to_contain_text("话机未注册")
    desk.world("register")
    expect(page.locator("#phone-word")).to_have_text("已注册")
    page.keyboard.press("F2")
    desk.state("示闲")

    desk.world("known")
    desk.state("振铃")
    expect(page.locator("#card-name")).to_have_text("王芳")
    expect(page.locator("#card-verification")).to_have_text("密码已验证")
    expect(page.locator("#card-path")).to_have_text("普通话 › 账户服务 › 人工服务")
    expect(page.locator("#tickets")).to_contain_text("已超时")
    expect(page.locator("#last-calls")).to_contain_text("李娜")
    expect(page.locator("#called")).to_have_text("来电：王芳")
    assert page.title().startswith("☎")
    desk.world("ring")
    desk.world("answer")
    desk.state("通话中")
    assert not page.title().startswith("☎")

    page.locator("#notes").fill("重复扣费")
    expect(page.locator("#notes-saved")).to_have_text("已保存")
    page.keyboard.press("F8")
    desk.state("保持")
    page.keyboard.press("F8")
    desk.state("通话中")
    page.locator("[data-reason=lunch]").click()
    expect(page.locator("#pending")).to_have_text("之后：示忙 (用餐)")
    page.keyboard.press("F9")
    desk.state("话后处理")

    page.reload()
    desk.state("话后处理")
    expect(page.locator("#notes")).to_have_value("重复扣费")
    complaint = page.locator("#complaint").get_attribute("href")
    assert complaint == "/tickets/new?call=call-1&type=complaint"
    page.keyboard.press("F9")
    desk.state("示忙")
    expect(page.locator("#state-reason")).to_have_text("用餐")
    expect(page.locator("#no-call")).to_be_visible()


def test_a_caller_who_leaves_clears_the_desk(desk: Desk) -> None:
    page = desk.page
    desk.world("register")
    expect(page.locator("#phone-word")).to_have_text("已注册")
    page.locator("[data-do=sign_in]").click()
    page.locator("#ready").click()
    desk.world("call")
    expect(page.locator("#card-name")).to_have_text("未识别客户")
    expect(page.locator("#tickets")).to_have_text("没有未结工单")
    desk.world("hang_up")
    desk.state("示闲")
    expect(page.locator("#no-call")).to_be_visible()
