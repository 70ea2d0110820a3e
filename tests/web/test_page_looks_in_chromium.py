"""How the page is laid out in a real browser: nothing touches, nothing is cut, names stay, paper is paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import tcpsim
from tcpsim.cli import commands
from tcpsim.scenario import loads, run
from tcpsim.web import write_page

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}

WIDE_VALUES = """
title: Wide values
hosts:
  client: {iss: 4294967290, profile: linux}
  server: {iss: 3039098805, profile: linux, rcv_buff: 65535}
script:
  - {host: server, call: listen, port: 80}
  - {host: client, call: connect, to: "server:80"}
  - {when: client is ESTABLISHED, host: client, call: send, octets: 40000}
  - {host: client, call: close}
  - {when: server signals connection closing, host: server, call: close}
"""

MISPLACED = """() => {
  const wrong = [];
  const beside = (a, b) => a.right + 3 <= b.left || b.right + 3 <= a.left;
  const apart = (a, b) => beside(a, b) || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
  for (const host of document.querySelectorAll(".tcb")) {
    const frame = host.getBoundingClientRect();
    const words = [];
    for (const node of host.querySelectorAll(".vars dt, .vars .is, .vars .was span, .bar-name span")) {
      if (!node.textContent || !node.getClientRects().length) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      const was = node.closest(".was");
      if (was && box.top >= was.getBoundingClientRect().bottom - 1) continue; // it had no room and is out of sight
      if (box.left < frame.left - 1 || box.right > frame.right + 1) wrong.push(`${node.textContent} leaves the panel`);
      if (was && box.left < was.getBoundingClientRect().left - 1) wrong.push(`${node.textContent} is cut`);
      words.push([node.textContent, box]);
    }
    for (const [place, [one, a]] of words.entries()) {
      for (const [other, b] of words.slice(place + 1)) if (!apart(a, b)) wrong.push(`${one} touches ${other}`);
    }
  }
  return wrong;
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name in ("lossy", "syn-flood"):
        write_page(tcpsim.run(name, explained=True).trace, folder / f"{name}.html")
    write_page(run(loads(WIDE_VALUES, "wide.yaml"), explained=True).trace, folder / "wide.html")
    return folder


Opening = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, pages: Path) -> Iterator[Opening]:
    contexts: list[Any] = []
    wrong: list[str] = []

    def opening(name: str, viewport: dict[str, int] = DESKTOP, **context: Any) -> Any:
        contexts.append(browser.new_context(viewport=viewport, **context))
        page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto((pages / f"{name}.html").as_uri())
        return page

    yield opening
    for context in contexts:
        context.close()
    assert wrong == []


# ------------------------------------------------------------------ the hosts


@pytest.mark.parametrize("viewport", [DESKTOP, {"width": 920, "height": 700}, PHONE, NARROW], ids=lambda v: v["width"])
def test_no_value_of_a_tcb_touches_another_or_is_cut(opened: Opening, viewport: dict[str, int]) -> None:
    page = opened("wide", viewport)
    page.evaluate("document.querySelectorAll('.vars div').forEach((row) => { row.style.transition = 'none'; })")
    count = page.evaluate("steps.length")
    seen = set()
    for step in range(count):
        page.evaluate(f"go({step})")
        page.evaluate("document.querySelectorAll('.tcb details').forEach((each) => { each.open = true; })")
        assert page.evaluate(MISPLACED) == []
        seen |= {*page.locator(".vars .is").all_inner_texts()}
    assert {"3039098805", "65535"} <= seen
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_what_a_value_was_makes_no_row_higher(opened: Opening) -> None:
    page = opened("lossy")
    heights = set()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        heights |= {*page.locator('[data-host="0"] .two').first.locator(".vars div").evaluate_all(
            "rows => rows.map((row) => Math.round(row.getBoundingClientRect().height))"
        )}  # fmt: skip
    assert len(heights) == 1


def test_a_host_without_a_connection_takes_one_line(opened: Opening) -> None:
    page = opened("syn-flood")
    panel = page.locator('[data-host="0"]')
    assert "No connection in what is shown." in panel.inner_text()
    page.keyboard.press("End")
    assert panel.bounding_box()["height"] < 90


@pytest.mark.parametrize("name", ["lossy", "syn-flood"])
def test_on_a_phone_everything_stands_in_one_column(opened: Opening, name: str) -> None:
    """A ladder that is broad on a desktop is as narrow as all else here."""
    page = opened(name, PHONE, is_mobile=True, has_touch=True)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    widths = page.locator("main .panel").evaluate_all(
        "nodes => nodes.map((node) => node.getBoundingClientRect().width)"
    )
    assert min(widths) >= PHONE["width"] - 17
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_broad_ladder_has_the_whole_width_of_a_desktop(opened: Opening) -> None:
    broad, other = (opened(name).locator(".figure").bounding_box()["width"] for name in ("syn-flood", "lossy"))
    assert broad > 1200 > other


# ------------------------------------------------------------------ which connection


def test_a_reader_picks_a_connection_by_keyboard(opened: Opening) -> None:
    page = opened("syn-flood")
    page.keyboard.press("End")
    select = page.get_by_role("combobox", name="Connection of server")
    words = select.locator("option").all_inner_texts()
    assert words[:3] == ["of the latest event", "#1 with 203.0.113.1:1024", "#2 with 203.0.113.2:1024"]
    follows = page.locator('[data-host="1"] .others').inner_text()
    assert not follows.startswith("Connection 1 of")
    step = page.evaluate("at")
    select.focus()
    page.keyboard.press("ArrowDown")
    assert page.locator('[data-host="1"] .others').inner_text().startswith("Connection 1 of")
    assert page.locator('[data-host="1"] .badge').inner_text() == "CLOSED"
    assert "server in CLOSED" in page.locator("#map").get_attribute("aria-label")
    assert page.evaluate("at") == step  # the arrows are the list's while it has the focus
    page.locator("h1").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Home")
    assert page.locator('[data-host="1"] .badge').inner_text() == "LISTEN"
    select.focus()
    page.keyboard.press("Home")
    page.locator("h1").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("End")
    assert page.locator('[data-host="1"] .others').inner_text() == follows


def test_one_connection_is_not_to_be_picked(opened: Opening) -> None:
    assert opened("lossy").get_by_role("combobox").count() == 1  # the pace


def test_timers_of_several_connections_say_whose_they_are(opened: Opening) -> None:
    page = opened("syn-flood")
    page.evaluate("go(6)")
    assert "server #1: RTO" in page.locator("#timers").inner_text()
    assert "client: " in page.locator("#timers").inner_text()


# ------------------------------------------------------------------ the ladder


@pytest.mark.parametrize(("viewport", "kind"), [(DESKTOP, "wide"), (PHONE, "small")])
def test_host_names_stay_at_the_top_of_a_long_ladder(opened: Opening, viewport: dict[str, int], kind: str) -> None:
    page = opened("lossy", viewport)
    strip = page.locator(f".strip.{kind}")
    assert not strip.is_visible()
    page.keyboard.press("End")
    page.wait_for_timeout(50)
    assert strip.is_visible()
    assert not page.locator(f".strip:not(.{kind})").is_visible()
    frame = page.locator("#scroll").bounding_box()
    for name in ("client", "server"):
        once, again = (
            page.locator(f"{where} text", has_text=name).first.bounding_box()
            for where in (f".ladder.{kind}", f".strip.{kind}")
        )
        assert again["x"] + again["width"] / 2 == pytest.approx(once["x"] + once["width"] / 2, abs=1)
        assert frame["y"] <= again["y"] <= frame["y"] + 20
        assert once["y"] < frame["y"]
    page.get_by_role("button", name="Larger").click()
    assert strip.bounding_box()["width"] == pytest.approx(
        page.locator(f".ladder.{kind}").bounding_box()["width"], abs=1
    )
    page.keyboard.press("Home")
    page.wait_for_timeout(50)
    assert not strip.is_visible()


def test_a_click_on_the_ladder_goes_to_its_height_though_its_margin_is_cut(opened: Opening) -> None:
    page = opened("lossy")
    present = "document.querySelector('.wide .playhead').getBoundingClientRect().top"
    page.evaluate("go(7)")
    at = page.evaluate(present)
    page.evaluate("go(0, { following: false })")
    assert page.evaluate(present) < at - 20
    page.mouse.click(page.locator(".ladder.wide").bounding_box()["x"] + 12, at)
    assert page.evaluate(present) == pytest.approx(at, abs=2)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_words_of_the_ladder_can_be_read(opened: Opening, viewport: dict[str, int]) -> None:
    page = opened("lossy", viewport)
    svg = page.locator(".ladder:visible")
    scale = svg.evaluate("svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width")
    assert scale >= 0.85


def test_what_an_event_drew_is_brought_into_sight_on_a_phone(opened: Opening) -> None:
    page = opened("syn-flood", PHONE, is_mobile=True, has_touch=True)
    frame = page.locator("#scroll").bounding_box()
    for step in range(page.evaluate("steps.length")):
        page.evaluate(f"go({step})")
        spans = page.locator(".ladder.small .now").evaluate_all(
            "nodes => nodes.map((node) => node.getBoundingClientRect()).map((box) => (box.left + box.right) / 2)"
        )
        if spans:
            assert frame["x"] <= (min(spans) + max(spans)) / 2 <= frame["x"] + frame["width"]
        elif page.evaluate("steps[at].host >= 0"):  # an arrival draws nothing of its own
            name = page.locator(f".strip.small [data-whose='{page.evaluate('steps[at].host')}']").bounding_box()
            assert frame["x"] - 1 <= name["x"]
            assert name["x"] + name["width"] <= frame["x"] + frame["width"] + 1


def test_a_long_change_is_not_cut_on_a_phone(opened: Opening) -> None:
    page = opened("wide", PHONE)
    for step in range(page.evaluate("steps.length")):
        page.evaluate(f"go({step})")
        cut = page.locator(".wraps").evaluate_all(
            "nodes => nodes.filter((node) => node.scrollWidth > node.clientWidth)"
        )
        assert cut == []


# ------------------------------------------------------------------ themes and paper


@pytest.mark.parametrize(
    ("theme", "paper", "scheme"),
    [("dark", "rgb(20, 24, 29)", "light"), ("print", "rgb(255, 255, 255)", "dark"), (None, "rgb(20, 24, 29)", "dark")],
)
def test_a_page_opens_in_the_theme_that_was_asked_for(
    browser: Any, tmp_path: Path, theme: str | None, paper: str, scheme: str
) -> None:
    path = tmp_path / "x.html"
    options = [] if theme is None else ["--theme", theme]
    assert CliRunner().invoke(commands.tcpsim, ["diagram", "handshake", "-o", str(path), *options]).exit_code == 0
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(path.as_uri())
    style = "(node, name) => getComputedStyle(node)[name]"
    assert page.locator(".panel").first.evaluate(style, "backgroundColor") == paper
    if theme == "print":
        fills = page.locator(".ladder.wide [id*=lifeline]").evaluate_all(
            "nodes => nodes.map((node) => getComputedStyle(node).fill)"
        )
        greys = [fill.removeprefix("rgb(").removesuffix(")").split(", ") for fill in fills]
        assert all(max(map(int, grey)) - min(map(int, grey)) <= 1 for grey in greys)
        page.get_by_role("button", name="Dark").click()
        page.wait_for_timeout(250)
        assert page.locator(".panel").first.evaluate(style, "backgroundColor") == "rgb(20, 24, 29)"
    context.close()


def test_on_paper_the_whole_ladder_stands_in_black_and_no_button(opened: Opening) -> None:
    page = opened("lossy", {"width": 718, "height": 1000}, color_scheme="dark")
    page.evaluate("go(4)")
    page.emulate_media(media="print")
    assert page.locator("button:visible").count() == 0
    assert not page.locator(".veil").first.is_visible()
    box = page.locator("#scroll").evaluate("node => [node.clientHeight, node.scrollHeight]")
    assert box[0] == box[1]
    ladder = page.locator(".ladder:visible")
    assert (ladder.count(), "wide" in ladder.get_attribute("class")) == (1, True)
    assert ladder.bounding_box()["width"] <= 718
    ink = page.locator(".ladder.wide text").first.evaluate("node => getComputedStyle(node).fill")
    assert ink == "rgb(0, 0, 0)"


# ------------------------------------------------------------------ captures


def test_a_capture_is_a_page_too(browser: Any, tmp_path: Path) -> None:
    capture, path = tmp_path / "x.pcapng", tmp_path / "x.html"
    for arguments in (
        ["export", "handshake", "--pcapng", "-o", str(capture)],
        ["diagram", str(capture), "-o", str(path)],
    ):
        assert CliRunner().invoke(commands.tcpsim, arguments).exit_code == 0
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    assert "only the segments were seen" in page.locator(".left-out").first.inner_text()
    page.keyboard.press("End")
    states = [page.locator(f'[data-host="{host}"] .badge').inner_text() for host in (0, 1)]
    assert states == ["ESTABLISHED", "ESTABLISHED"]
    assert page.locator("#map .state.lit").get_attribute("data-state") == "ESTABLISHED"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert "SYN seq 0" in page.locator("#event").inner_text()
    assert said == []
    context.close()
