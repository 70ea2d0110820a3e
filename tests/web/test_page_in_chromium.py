"""The page in a real browser: stepped, played, scrubbed, by mouse, keyboard and finger, in the light and in the dark.

What is not there, Chromium or axe-core, is skipped, with the reason (conftest.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tcpsim
from tcpsim.web import write_page

DESKTOP = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}
NAMES = ("handshake", "lossy", "why-not-two", "zero-window", "syn-flood")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name in NAMES:
        write_page(tcpsim.run(name, explained=True).trace, folder / f"{name}.html")
    return folder


class Reader:
    """Somebody who reads a page; at the end, nothing may have gone wrong and nothing may have been asked for."""

    def __init__(self, browser: Any, file: Path, **context: Any) -> None:
        self.wrong: list[str] = []
        self.context = browser.new_context(**{"viewport": DESKTOP, **context})
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.wrong.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)
        self.page.goto(file.as_uri())

    def _asked(self, request: Any) -> None:
        if not (request.url.startswith("data:") or request.is_navigation_request()):
            self.wrong.append(f"asked for {request.url}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def until(self, expression: str) -> None:
        """Wait until something is so. Playwright's own waiting evaluates text in the page, which the policy forbids."""
        for _ in range(200):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"never: {expression}")

    @property
    def step(self) -> int:
        return int(self.page.evaluate("document.documentElement.dataset.step"))

    def text(self, selector: str) -> str:
        text: str = self.page.locator(selector).inner_text()
        return text

    def variable(self, host: int, name: str) -> str:
        row = self.page.locator(f'[data-host="{host}"] .vars > div').filter(has=self.page.get_by_text(name, exact=True))
        text: str = row.locator("dd.is").inner_text()
        return text

    def state(self, host: int) -> str:
        return self.text(f'[data-host="{host}"] .badge')

    def style(self, selector: str, name: str) -> str:
        value: str = self.page.locator(selector).first.evaluate("(node, name) => getComputedStyle(node)[name]", name)
        return value


@pytest.fixture
def opened(browser: Any, pages: Path) -> Iterator[Any]:
    readers: list[Reader] = []

    def opening(name: str, **context: Any) -> Reader:
        readers.append(Reader(browser, pages / f"{name}.html", **context))
        return readers[-1]

    yield opening
    wrong = [each for reader in readers for each in reader.wrong]
    for reader in readers:
        reader.context.close()
    assert wrong == []


# ------------------------------------------------------------------ stepping


def test_stepping_by_keys_shows_states_variables_and_reasons(opened: Any) -> None:
    reader = opened("handshake")
    assert (reader.step, reader.state(1)) == (0, "LISTEN")
    reader.press("ArrowRight")
    assert (reader.state(0), reader.variable(0, "SND.NXT")) == ("SYN-SENT", "1")
    assert "An active OPEN selects" in reader.text("#event")
    assert "client to server: SYN seq 0" in reader.text("#flights")
    assert "client: RTO" in reader.text("#timers")
    assert "1 s left of 1 s" in reader.text("#timers")
    reader.press("ArrowRight")
    assert reader.state(1) == "SYN-RECEIVED"
    assert "third, SYN bit: is SYN set? yes (RFC 9293 3.10.7.2, third)" in reader.text("#event")
    reader.press("End")
    assert (reader.state(0), reader.state(1)) == ("ESTABLISHED", "ESTABLISHED")
    reader.press("Home")
    assert reader.step == 0
    reader.press("ArrowLeft")
    assert reader.step == 0


def test_what_just_changed_is_marked_with_what_it_was(opened: Any) -> None:
    reader = opened("zero-window")
    reader.page.locator("#events button", has_text="calls receive(1000)").evaluate("node => node.click()")
    fresh = reader.page.locator('[data-host="1"] .vars .fresh')
    assert sorted(fresh.all_inner_texts()) == ["RCV.USER\n1000 →\n0", "RCV.WND\n0 →\n1000"]
    assert reader.style('[data-host="1"] .vars .fresh', "fontWeight") == "700"
    reader.press("ArrowRight")
    assert reader.variable(1, "RCV.WND") == "1000"


def test_buttons_step_too(opened: Any) -> None:
    reader = opened("handshake")
    for name, step in (
        ("Next event", 1),
        ("Next event", 2),
        ("Previous event", 1),
        ("Last event", 8),
        ("First event", 0),
    ):
        reader.page.get_by_role("button", name=name).click()
        assert reader.step == step


def test_the_map_shows_where_each_host_is_and_the_line_just_taken(opened: Any) -> None:
    reader = opened("handshake")
    reader.press("ArrowRight", "ArrowRight")
    lit = reader.page.locator("#map .state.lit")
    assert lit.evaluate_all("nodes => nodes.map((node) => node.dataset.state).sort()") == ["SYN-RECEIVED", "SYN-SENT"]
    hot = reader.page.locator("#map .edge.hot")
    assert hot.evaluate_all("nodes => nodes.map((node) => node.dataset.to)") == ["SYN-RECEIVED"]
    label = reader.page.locator("#map").get_attribute("aria-label")
    assert label == "State diagram: client in SYN-SENT, server in SYN-RECEIVED"


def test_bars_are_as_long_as_what_they_show(opened: Any) -> None:
    reader = opened("zero-window")
    reader.press("End")
    parts = "(node) => node.getBoundingClientRect().width / node.parentElement.getBoundingClientRect().width"
    of = reader.page.locator('[data-host="1"] .bars > div').filter(has_text="Receive")
    assert "0 unread, window 800" in of.inner_text()
    assert of.locator(".room").evaluate(parts) == pytest.approx(0.8, abs=0.01)
    reader.page.locator("#events button", has_text="calls receive(1000)").evaluate("node => node.click()")
    reader.press("ArrowLeft")
    assert "1000 unread, window 0" in of.inner_text()
    assert of.locator(".full").evaluate(parts) == pytest.approx(1, abs=0.01)


def test_a_lost_segment_is_told_as_one_until_it_was_due(opened: Any) -> None:
    reader = opened("lossy")
    reader.press("ArrowRight")
    assert "SYN seq 0 — will not arrive: random loss 20%" in reader.text("#flights")
    reader.press("ArrowRight")
    assert "will not arrive" not in reader.text("#flights")


# ------------------------------------------------------------------ playing


def test_space_plays_and_pauses(opened: Any) -> None:
    reader = opened("handshake")
    reader.page.get_by_label("Pace").select_option("4")
    reader.page.locator("h1").click()
    reader.press(" ")
    assert reader.page.get_by_role("button", name="Pause").is_visible()
    reader.until("document.documentElement.dataset.step >= 2")
    reader.press(" ")
    step = reader.step
    reader.page.wait_for_timeout(400)
    assert reader.step == step
    assert reader.page.get_by_role("button", name="Play").is_visible()


def test_playing_ends_at_the_last_event_and_begins_anew(opened: Any) -> None:
    reader = opened("handshake")
    reader.page.get_by_label("Pace").select_option("4")
    reader.page.get_by_role("button", name="Play").click()
    reader.until("document.documentElement.dataset.step == 8")
    reader.page.get_by_role("button", name="Play").wait_for()
    reader.page.get_by_role("button", name="Play").click()
    assert reader.step < 8


def test_segments_move_along_their_arrows_while_playing(opened: Any) -> None:
    reader = opened("handshake")
    reader.press("ArrowRight", " ")
    reader.until("document.querySelectorAll('.wide .dot').length > 0")
    first = reader.page.evaluate("Number(document.querySelector('.wide .playhead').getAttribute('y1'))")
    reader.until(f"Number(document.querySelector('.wide .playhead').getAttribute('y1')) > {first}")


def test_reduced_motion_plays_from_step_to_step(opened: Any) -> None:
    reader = opened("handshake", reduced_motion="reduce")
    reader.page.get_by_label("Pace").select_option("4")
    reader.page.get_by_role("button", name="Play").click()
    heights = set()
    for _ in range(12):
        heights.add(reader.page.evaluate("document.querySelector('.wide .playhead').getAttribute('y1')"))
        reader.page.wait_for_timeout(60)
    known = set(reader.page.evaluate("run.steps.map((step) => String(step.y[0]))"))
    assert len(heights) > 1
    assert heights <= known


# ------------------------------------------------------------------ scrubbing


def test_the_slider_scrubs_and_says_where_it_is(opened: Any) -> None:
    reader = opened("why-not-two")
    slider = reader.page.get_by_role("slider", name="Event")
    box = slider.bounding_box()
    reader.page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    reader.page.mouse.down()
    reader.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    reader.page.mouse.up()
    assert reader.step == 5
    assert slider.get_attribute("aria-valuetext") == "6 of 11, 200 ms: SYN,ACK seq 0 ack -9 arrives at client"
    reader.press("ArrowRight")
    assert reader.step == 6


def test_dragging_the_mouse_over_the_ladder_scrubs(opened: Any) -> None:
    reader = opened("handshake")
    box = reader.page.locator(".ladder.wide").bounding_box()
    x = box["x"] + 20
    reader.page.mouse.move(x, box["y"] + box["height"] * 0.3)
    reader.page.mouse.down()
    seen = set()
    for part in range(30, 95, 5):
        reader.page.mouse.move(x, box["y"] + box["height"] * part / 100)
        seen.add(reader.step)
    reader.page.mouse.up()
    assert len(seen) >= 4
    assert reader.step == max(seen)


def test_a_click_on_an_arrow_goes_to_its_sending(opened: Any) -> None:
    reader = opened("why-not-two")
    reader.page.locator(".ladder.wide text", has_text="RST seq -9").first.click()
    assert "SYN,ACK seq 0 ack -9 arrives at client" in reader.text("#event .head")
    lit = reader.page.locator(".ladder.wide path.now")
    assert lit.count() > 0


def test_an_event_of_the_list_is_gone_to(opened: Any) -> None:
    reader = opened("handshake")
    reader.page.locator("summary", has_text="All 9 events").click()
    button = reader.page.locator("#events button").nth(5)
    button.click()
    assert reader.step == 5
    assert button.get_attribute("aria-current") == "step"


def test_an_address_with_a_record_opens_there(browser: Any, pages: Path) -> None:
    reader = Reader(browser, pages / "why-not-two.html")
    reader.page.goto((pages / "why-not-two.html").as_uri() + "#21")
    assert "SYN,ACK seq 0 ack -9 arrives at client" in reader.text("#event .head")
    reader.context.close()
    assert reader.wrong == []


# ------------------------------------------------------------------ for everybody


def test_a_screen_reader_is_told_each_step_but_not_while_playing(opened: Any) -> None:
    reader = opened("handshake")
    said = reader.page.get_by_role("status")
    reader.press("ArrowRight", "ArrowRight")
    words = "Event 3 of 9, 50 ms: SYN seq 0 arrives at server. server: LISTEN to SYN-RECEIVED."
    assert words in said.inner_text()
    before = said.inner_text()
    reader.page.get_by_label("Pace").select_option("4")
    reader.page.get_by_role("button", name="Play").click()
    reader.until("document.documentElement.dataset.step >= 4")
    assert said.inner_text() == before


def test_everything_is_reached_by_the_tab_key(opened: Any) -> None:
    reader = opened("handshake")
    reached = []
    for _ in range(16):
        reader.press("Tab")
        reached.append(reader.page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert reached[:11] == [
        "theme", "first", "back", "play", "next", "last", "scrub", "pace", "smaller", "larger", "scroll"
    ]  # fmt: skip
    assert "SUMMARY" in reached


def test_the_dark_follows_the_system_and_the_switch(opened: Any) -> None:
    light, dark = opened("handshake"), opened("handshake", color_scheme="dark")
    papers = [reader.style(".panel", "backgroundColor") for reader in (light, dark)]
    assert papers == ["rgb(255, 255, 255)", "rgb(20, 24, 29)"]
    inks = [reader.style(".ladder.wide text", "fill") for reader in (light, dark)]
    assert inks[0] != inks[1]
    switch = dark.page.get_by_role("button", name="Dark")
    assert switch.get_attribute("aria-pressed") == "true"
    switch.click()
    assert dark.style(".panel", "backgroundColor") == papers[0]
    light.page.get_by_role("button", name="Dark").click()
    assert light.style(".panel", "backgroundColor") == papers[1]


def test_a_phone_gets_the_small_ladder_and_never_scrolls_sideways(opened: Any) -> None:
    reader = opened("lossy", viewport=PHONE, is_mobile=True, has_touch=True)
    assert reader.page.locator(".ladder.small").is_visible()
    assert not reader.page.locator(".ladder.wide").is_visible()
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    reader.page.get_by_role("button", name="Next event").tap()
    assert reader.step == 1
    sizes = reader.page.locator("button:visible").evaluate_all(
        "nodes => nodes.map((node) => node.getBoundingClientRect()).map((box) => Math.min(box.width, box.height))"
    )
    assert min(sizes) >= 24  # WCAG 2.2, 2.5.8


def test_sizes_of_the_ladder(opened: Any) -> None:
    reader = opened("handshake")
    ladder = reader.page.locator(".ladder.wide")
    before = ladder.bounding_box()["width"]
    reader.page.get_by_role("button", name="Larger").click()
    assert ladder.bounding_box()["width"] == pytest.approx(before * 1.25, rel=0.02)
    reader.page.get_by_role("button", name="Smaller").click()
    assert ladder.bounding_box()["width"] == pytest.approx(before, rel=0.02)


def test_a_policy_that_is_broken_is_seen(browser: Any, pages: Path, tmp_path: Path) -> None:
    """The tests above would notice: a page with one more script in it does not run that."""
    text = (pages / "handshake.html").read_text(encoding="utf-8")
    (tmp_path / "bad.html").write_text(text.replace("</body>", "<script>document.title='bad'</script></body>"), "utf-8")
    reader = Reader(browser, tmp_path / "bad.html")
    assert reader.page.title() != "bad"
    assert any("Content Security Policy" in each for each in reader.wrong)
    reader.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_from_the_first_event_to_the_last_without_an_error(opened: Any, name: str) -> None:
    reader = opened(name)
    count = reader.page.locator("#events button").count()
    for step in range(1, count):
        reader.press("ArrowRight")
        assert reader.step == step


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", ["lossy", "why-not-two"])
def test_axe_finds_nothing(
    browser: Any, pages: Path, axe: str, name: str, viewport: dict[str, int], scheme: str
) -> None:
    reader = Reader(browser, pages / f"{name}.html", viewport=viewport, color_scheme=scheme, bypass_csp=True)
    reader.press(*["ArrowRight"] * 5)
    reader.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    reader.page.evaluate(axe)
    found = reader.page.evaluate("axe.run()")
    reader.context.close()
    assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert len(found["passes"]) > 30
