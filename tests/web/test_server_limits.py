"""The limits of a run in the browser: events, virtual time, wall-clock time, memory; each ends in a clear sentence."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="the extra [web] is not installed")

from tcpsim.scenario import loads, run
from tcpsim.tcp.units import HOUR
from tcpsim.web.requests import Experiment
from tcpsim.web.running import USUAL, Limits, carry_out
from tcpsim.web.server import app
from tcpsim.web.worker import Worker

PHONE = {"width": 390, "height": 844}

HEAVY = """
title: A transfer that is too large
hosts: {client: {}, server: {}}
script:
  - {host: server, call: listen, port: 80}
  - {host: client, call: connect, to: "server:80"}
  - {when: client is ESTABLISHED, host: client, call: send, octets: 1000000}
"""
LONG = """
title: An idle connection
until: 72h
hosts: {client: {keepalive: true, keepalive_idle: 6h}, server: {}}
script:
  - {host: server, call: listen, port: 80}
  - {host: client, call: connect, to: "server:80"}
"""
REFUSED = """
title: Nobody listens
hosts: {client: {}, server: {}}
script:
  - {host: client, call: connect, to: "server:80"}
  - {at: 1s, host: client, call: send, octets: 5}
"""
HUNGRY = '''
import time
from tcpsim.web.running import Limits, carry_out

FEW = Limits(events=60)


def job(wanted, text, file, experiment):
    """Carry an experiment out; one of a file that says so eats up memory, or time."""
    if "eats memory" in text:
        bytearray(1 << 33)
    if "eats time" in text:
        time.sleep(60)
    return carry_out(wanted, text, file, experiment, FEW)
'''


def outcome(text: str, limits: Limits = USUAL, **changes: Any) -> dict[str, Any]:
    return carry_out("outcome", text, "x.yaml", Experiment(scenario="x", **changes), limits)


# ------------------------------------------------------------------ what a limit does


def test_a_run_that_is_cut_says_so_and_is_not_judged() -> None:
    told = outcome(HEAVY, Limits(events=60))
    assert told["cut"] == "It was stopped after 60 events, the most here; `tcpsim run` goes on."
    assert (told["ended"], told["expectations"], told["passed"], told["failures"]) == ("event limit", 0, False, [])
    assert "segment-" in told["ladder"]


def test_a_run_has_a_limit_of_virtual_time() -> None:
    told = outcome(LONG)
    assert told["cut"] == "It was stopped after 24 hours of virtual time, the most here; `tcpsim run` goes on."
    assert told["ended"] == "until"
    assert USUAL.time == 24 * HOUR


def test_a_files_own_limit_cuts_nothing() -> None:
    told = outcome(LONG.replace("72h", "3h"))
    assert (told["cut"], told["ended"]) == ("", "until")
    assert told["failures"] == [
        "expected the run to end by being idle, but it ended at 3h: the virtual time of `until` was reached"
    ]


def test_what_is_saved_expects_how_it_ended() -> None:
    saved = outcome(LONG.replace("72h", "3h"), seed=4)["yaml"]
    assert "ends: until" in saved
    assert run(loads(saved)).passed
    refused = outcome(REFUSED, seed=4)["yaml"]
    assert "connection does not exist" in refused
    assert run(loads(refused)).passed
    assert "expect" not in outcome(LONG, seed=4)["yaml"]  # nobody knows how a run would end that was cut
    assert "expect" not in outcome(HEAVY, seed=4)["yaml"]  # it came to rest, which every file expects


def test_the_page_of_a_run_is_made_from_an_equal_one() -> None:
    page = carry_out("page", HEAVY, "x.yaml", Experiment(scenario="x"), Limits(events=60))["page"]
    assert "A transfer that is too large" in page
    assert '"explained":true' in page


# ------------------------------------------------------------------ in the browser


@contextmanager
def served(worker: Worker, folder: Path) -> Iterator[str]:
    """Serve the scenarios of a folder; yield the address."""
    import uvicorn

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()  # whoever comes before the server is up waits
        server = uvicorn.Server(uvicorn.Config(app([folder], worker=worker), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mine")
    files = {"heavy": HEAVY, "long": LONG, "memory": f"# eats memory{HEAVY}", "time": f"# eats time{HEAVY}"}
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    code = tmp_path_factory.mktemp("code")
    (code / "tcpsim_hungry_job.py").write_text(HUNGRY)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(code))  # the worker's process looks where we look
        import tcpsim_hungry_job  # type: ignore[import-not-found]  # written above

        with served(Worker(tcpsim_hungry_job.job, time_limit=6), folder) as where:
            yield where


class Visitor:
    """Somebody before the page of `tcpsim serve`."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(address)
        self.page.locator("#ladder svg").wait_for(timeout=60_000)
        self.wait()

    def wait(self) -> None:
        for _ in range(1200):
            if not self.page.evaluate("document.body.hasAttribute('aria-busy')"):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError("never done")

    def choose(self, name: str) -> None:
        self.page.select_option("#scenario", name)
        self.wait()

    def text(self, selector: str) -> str:
        text: str = self.page.locator(selector).inner_text()
        return text


@pytest.fixture
def visited(browser: Any, address: str) -> Iterator[Any]:
    visitors: list[Visitor] = []

    def visiting(**context: Any) -> Visitor:
        visitors.append(Visitor(browser, address, **context))
        return visitors[-1]

    yield visiting
    for visitor in visitors:
        visitor.context.close()
    assert [each for visitor in visitors for each in visitor.wrong] == []


def test_each_limit_is_told_in_the_browser(visited: Any) -> None:
    visitor = visited()
    visitor.choose("0:heavy.yaml")
    assert visitor.text("#cut") == "It was stopped after 60 events, the most here; `tcpsim run` goes on."
    assert visitor.text("#status").startswith("The run stopped at its limit of events.")
    visitor.choose("0:long.yaml")
    assert visitor.text("#cut").startswith("It was stopped after 24 hours of virtual time")
    visitor.choose("0:memory.yaml")
    assert visitor.text("#status") == "the run needed more than 1,024 MiB of memory and was stopped"
    assert not visitor.page.locator("#cut").is_visible()
    assert visitor.page.evaluate("document.body.className") == "stale"
    visitor.choose("0:time.yaml")
    assert visitor.text("#status") == "the run was not done after 6 seconds and was stopped"
    assert not visitor.page.locator("#export").is_visible()
    visitor.choose("handshake")
    assert visitor.text("#status") == "The run has come to rest. All that the file expects is so."
    assert visitor.page.evaluate("document.body.className") == ""


def test_the_page_of_steps_is_made_when_it_is_opened(visited: Any) -> None:
    visitor = visited()
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.locator("#stepping summary").click()
    visitor.page.frame_locator("#page").locator("#event .head").wait_for(timeout=60_000)
    assert [url for url in asked if "/page/" in url]
    assert visitor.page.frame_locator("#page").locator("h1").inner_text() == "A three-way handshake"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_scrolls_sideways_and_settings_are_folded(visited: Any, scheme: str) -> None:
    visitor = visited(viewport=PHONE, is_mobile=True, has_touch=True, color_scheme=scheme)
    page = visitor.page
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert not page.locator("#delay").is_visible()
    page.locator("#changes > summary").tap()
    assert page.locator("#delay").is_visible()
    page.locator("#changes summary").last.tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    scale = "svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width"
    assert page.locator("#ladder svg").evaluate(scale) >= 0.84
    page.locator('.target[data-phrase="1st SYN,ACK from server"] .hit').tap()
    sizes = page.locator("button:visible, .button:visible").evaluate_all(
        "nodes => nodes.map((node) => node.getBoundingClientRect()).map((box) => Math.min(box.width, box.height))"
    )
    assert min(sizes) >= 24
    paper = page.locator(".panel").first.evaluate("node => getComputedStyle(node).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
    sheet = page.locator("#ladder svg > path").first.evaluate("node => getComputedStyle(node).fill")
    assert sheet == paper  # the drawing follows, too


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visited: Any, axe: str, viewport: dict[str, int], scheme: str) -> None:
    visitor = visited(viewport=viewport, color_scheme=scheme, bypass_csp=True)
    page = visitor.page
    page.evaluate("document.querySelectorAll('details:not(#stepping)').forEach((each) => { each.open = true; })")
    page.locator('.target[data-phrase="1st SYN,ACK from server"]').focus()
    page.keyboard.press("Enter")
    page.click("#actions [data-verb=drop]")
    visitor.wait()
    page.locator('.target[data-phrase="1st SYN from client"]').focus()
    page.keyboard.press("Enter")
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert len(found["passes"]) > 20
