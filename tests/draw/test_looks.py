"""How a ladder can look: details, numbers, windows, themes, captions, notes, middleboxes, and the SVG of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree as ET

import click
import pytest

import tcpsim
from tcpsim.draw import (
    BRIEF,
    FULL,
    LADDER_FORMATS,
    NORMAL,
    OPTIONS,
    Caption,
    Look,
    ladder_bytes,
    ladder_svg,
    ladder_text,
    layout,
)
from tcpsim.draw.hosts import hosts_of, middleboxes
from tcpsim.draw.palette import INK, PAPER, PRINT, STATE_FILL, STRIPED, THEMES, TYPES, contrast, lightness
from tcpsim.draw.scene import scene
from tcpsim.net import Firewall, Nat, Network
from tcpsim.trace import Lost, Moved, Note, Sent, Trace

from . import runs
from .test_layout import check
from .test_middlebox import forgotten

Kind = TypeVar("Kind")


def texts(trace: Trace, **options: object) -> list[str]:
    return [arrow.text for arrow in scene(trace, **options).arrows]  # type: ignore[arg-type]  # a few of many


def each_of(trace: Trace, kind: type[Kind]) -> list[Kind]:
    return [record for record in trace.records if isinstance(record, kind)]


def library(name: str) -> Trace:
    return tcpsim.run(name).trace


# ---------------------------------------------------------------------- detail and numbers


def test_each_level_of_detail_says_more() -> None:
    trace = library("option-negotiation")
    assert texts(trace, detail=BRIEF)[:3] == ["SYN", "SYN,ACK", "ACK"]
    assert texts(trace, detail=NORMAL)[0] == "SYN seq 0 mss 1000 wscale 7 sackok ts"
    options = texts(trace, detail=OPTIONS)
    assert options[0].startswith("SYN seq 0 win 10000 MSS=1000,")
    assert texts(trace, detail=FULL) == options
    timers = [len(scene(trace, detail=detail).timers) for detail in (BRIEF, NORMAL, OPTIONS, FULL)]
    assert timers[:3] == [0, 0, 0]
    assert timers[3] > 0
    assert "(nothing" not in ladder_text(trace, detail=BRIEF)


def test_numbers_of_the_wire() -> None:
    trace = library("handshake")
    assert texts(trace, absolute=True) == [
        "SYN seq 100", "SYN,ACK seq 300 ack 101", "ACK seq 101 ack 301", "PSH,ACK seq 101..105 ack 301",
        "ACK seq 301 ack 106",
    ]  # fmt: skip
    assert "SYN,ACK seq 300 ack 101" in ladder_text(trace, absolute=True)
    assert "SYN,ACK seq 300 ack 101" in ladder_svg(trace, look=Look(absolute=True))
    assert "SYN,ACK seq 0 ack 1" in ladder_svg(trace)


def test_numbers_of_the_wire_wrap_and_blocks_of_sack_are_of_the_wire_too() -> None:
    wrapping = texts(library("isn-wrap"), absolute=True)
    ranges = [tuple(map(int, found)) for text in wrapping for found in re.findall(r"seq (\d+)\.\.(\d+)", text)]
    assert any(last < first for first, last in ranges)
    assert all(0 <= number < 1 << 32 for pair in ranges for number in pair)
    trace = library("fast-retransmit-sack")
    held = next(each for each in each_of(trace, Sent) if each.segment.options and each.segment.options.sack)
    assert held.segment.options is not None
    left, right = held.segment.options.sack[0]
    assert f"ack {held.segment.ack} sack {left}..{right - 1}" in " ".join(texts(trace, absolute=True))
    assert f"SACK={left}..{right}" in " ".join(texts(trace, absolute=True, detail=OPTIONS))


def test_what_is_under_way_is_called_as_elsewhere() -> None:
    trace = library("why-not-two")
    for look, words in ((Look(), "SYN seq 0"), (Look(absolute=True), "SYN seq 100"), (Look(BRIEF), "SYN")):
        assert f"for 300 ms only {words} is under way" in ladder_svg(trace, look=look)


def test_a_window_is_a_part_with_what_was_known_before() -> None:
    trace = library("lossy")
    page = layout(trace, window=(40, 60))
    check(page)
    assert {shot.serial for shot in page.shots} <= set(range(61))
    assert any("earlier segments not drawn" in label.text for label in page.labels)
    assert any("more segments not drawn" in label.text for label in page.labels)


def test_a_long_run_is_cut_by_name() -> None:
    page = layout(library("lossy-transfer"), max_segments=20)
    check(page)
    assert any(re.search(r"\d+ more segments not drawn: max_segments is 20", label.text) for label in page.labels)


@pytest.mark.parametrize("name", ["lossy-transfer", "fast-retransmit-sack", "lossy", "udp-contrast"])
@pytest.mark.parametrize("detail", [BRIEF, NORMAL, OPTIONS])
def test_no_word_is_struck_where_many_segments_are_lost(name: str, detail: int) -> None:
    page = layout(library(name), detail=detail)
    check(page)
    assert (page.struck, page.unlabelled) == (0, 0)


# ---------------------------------------------------------------------- themes


def test_the_light_theme_is_what_is_drawn_by_default() -> None:
    trace = runs.mishaps()
    for kind in ("svg", "png", "pdf"):
        assert ladder_bytes(trace, kind) == ladder_bytes(trace, kind, look=Look(theme=THEMES["light"]))


@pytest.mark.parametrize("name", THEMES)
def test_ink_is_readable_in_every_theme(name: str) -> None:
    ink = THEMES[name].ink
    for role, style in TYPES.items():
        if role not in ("badge", "in bar", "box"):  # on grounds of their own
            assert contrast(ink(style.ink), ink(PAPER)) >= 4.5, role
    for role in ("call", "error"):
        assert contrast(ink(TYPES[role].ink), ink("#eaf1fb")) >= 4.5, role


@pytest.mark.parametrize("name", THEMES)
def test_states_differ_in_grey_in_every_theme(name: str) -> None:
    fills = {state: lightness(THEMES[name].ink(fill)) for state, fill in STATE_FILL.items()}
    for one, light in fills.items():
        for other, also in fills.items():
            if one is not other and (one in STRIPED) == (other in STRIPED):
                assert abs(light - also) >= 5.5, (one, other)


def test_print_has_no_colour() -> None:
    svg = ladder_svg(runs.mishaps(), look=Look(theme=PRINT))
    # but for the edge of a lifeline, which is nearly grey
    found = {colour for colour in re.findall(r"#[0-9a-f]{6}", svg) if len({colour[1:3], colour[3:5], colour[5:]}) > 1}
    assert found == {"#59616a"}
    assert PRINT.ink(INK) == "#000000"


def test_a_theme_changes_colours_only() -> None:
    plain = [re.sub(r"#[0-9a-f]{6}", "", ladder_svg(runs.mishaps(), look=Look(theme=each))) for each in THEMES.values()]
    assert plain[0] == plain[1] == plain[2]


# ---------------------------------------------------------------------- captions, notes, calls


def test_a_caption_has_the_question_the_answer_and_the_source() -> None:
    caption = Caption("Why three?", "Because `two` are too few. " * 20, "RFC 9293 3.5, Figure 8")
    page = layout(library("why-not-two"), caption=caption)
    check(page)
    below = [label for label in page.labels if label.role in ("question", "answer", "cite")]
    assert [label.text for label in below if label.role != "answer"] == ["Why three?", "(RFC 9293 3.5, Figure 8)"]
    assert (
        " ".join(label.text for label in below if label.role == "answer") == ("Because two are too few. " * 20).strip()
    )
    assert min(label.box.bounds[1] for label in below) > page.bottom
    assert not [label for label in page.labels if label.role == "source"], "said once"
    check(layout(library("handshake"), caption=Caption()))
    check(layout(library("handshake"), caption=Caption("a" * 5000, "b " * 5000, "\x1b\ud800")))


def test_a_note_leads_to_its_instant() -> None:
    trace = library("why-not-two")
    page = layout(trace)
    note = next(record for record in each_of(trace, Note) if "old incarnation" in record.text)
    height = next(tick.y for tick in page.ticks if tick.time == note.time)
    [(x0, y0, x1, y1)] = page.leaders
    assert y0 == y1 == height
    said = [label for label in page.labels if label.serial == note.serial]
    assert max(label.box.bounds[2] for label in said) < x0 < x1 <= min(bar.x0 for bar in page.bars)


@pytest.mark.parametrize("name", ["udp-contrast", "syn-flood", "nat-silent-drop", "time-wait-recycle-behind-nat"])
def test_leaders_pass_through_no_words(name: str) -> None:
    page = layout(library(name))
    assert page.leaders
    level = [label for label in page.labels if not label.box.angle]
    assert not [(line, each.text) for line in page.leaders for each in level if each.box.crossed_by(line)]


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db8:1111:2222:3333:4444:5555:6666"])
def test_a_call_is_never_cut(address: str) -> None:
    net = Network()
    client, server = net.host("client", "2001:db8::1" if ":" in address else "10.0.0.1"), net.host("server", address)
    net.link(client, server)
    server.listen(65000)
    client.connect(server, 65000)
    net.run(until="1s")
    assert net.trace is not None
    page = layout(net.trace)
    check(page)
    calls = "".join(label.text for label in page.labels if label.role == "call")
    assert "…" not in calls
    assert f"{address}" in calls


# ---------------------------------------------------------------------- hosts and middleboxes


def test_who_talks_to_all_stands_in_the_middle() -> None:
    assert [host.name for host in hosts_of(library("option-negotiation"))] == ["modern", "client", "plain"]
    assert [host.name for host in hosts_of(library("syn-flood"))] == ["attacker", "server", "client"]
    assert [host.name for host in hosts_of(library("handshake"))] == ["client", "server"]
    page = layout(library("option-negotiation"))
    edges = sorted({bar.x0 for bar in page.bars})
    for shot in page.shots:
        between = [x for x in edges if min(shot.x0, shot.x1) + 1 < x < max(shot.x0, shot.x1) - 1]
        assert not between, "no arrow passes by a host"


@pytest.mark.parametrize(("made", "name"), [
    (Nat("203.0.113.1", idle="1min", unknown="reset"), "NAT"), (Firewall(idle="1min", unknown="reset"), "firewall"),
])  # fmt: skip
def test_a_middlebox_stands_between_its_hosts(made: Nat | Firewall, name: str) -> None:
    trace = forgotten(made)
    assert middleboxes(trace) == {frozenset({"client", "server"}): [name]}
    page = layout(trace)
    check(page)
    [post] = page.posts
    assert (post.name, [label.text for label in page.labels if label.role == "middlebox"]) == (name, [name])
    crosses = [shot for shot in page.shots if shot.cross]
    assert crosses
    assert {round(shot.x1) for shot in crosses} == {round(post.x)}, "it is where packets are lost"


def test_no_middlebox_is_made_up() -> None:
    assert middleboxes(library("lossy")) == {}
    run = runs.Run("", "", ("a", "b"))
    run.over(0, "a", "SYN", 0)
    assert middleboxes(run.trace()) == {}
    assert all(not record.by.startswith("NAT") for record in each_of(library("lossy"), Lost))


# ---------------------------------------------------------------------- SVG


SVG = "{http://www.w3.org/2000/svg}"


def test_svg_names_each_record_and_tells_its_reason() -> None:
    trace = library("handshake")
    root = ET.fromstring(ladder_svg(trace))
    named = {each.get("id"): each for each in root.iter() if each.get("id")}
    for record in each_of(trace, Sent):
        shape, words = named[f"segment-{record.serial}"], named[f"words-{record.serial}"]
        assert record.why is not None
        for each in (shape, words):
            title = each.find(f"{SVG}title")
            assert title is not None
            assert (title.text or "").endswith(f"{record.why.sentence} ({record.why.cite})")
    assert len(named) == len([each for each in root.iter() if each.get("id")]), "ids are unique"
    parts = {name: re.sub(r"-\d+", "", name or "") for name in named}
    assert set(parts.values()) == {"segment", "words", "lifeline"}


def test_svg_has_text_as_text_and_is_small() -> None:
    trace = library("handshake")
    svg = ladder_svg(trace)
    assert len(svg) < 16_000
    assert ">SYN,ACK seq 0 ack 1</text>" in svg
    assert "<style" not in svg
    assert "script" not in svg
    assert " style=" not in svg
    root = ET.fromstring(svg)
    for text in root.iter(f"{SVG}text"):
        if len("".join(text.itertext())) > 1:
            assert text.get("textLength"), "words keep their places in another font"


def test_svg_of_a_part_keeps_the_ids() -> None:
    trace = library("lossy")
    ids = [
        set(re.findall(r' id="(segment-\d+)"', ladder_svg(trace, look=Look(window=part)))) for part in ((40, 60), None)
    ]
    assert ids[0]
    assert ids[0] < ids[1]


# ---------------------------------------------------------------------- docs/figures.md

PAGE = (Path(__file__).parents[2] / "docs" / "figures.md").read_text("utf-8")


def test_the_example_of_the_page_has_notes_with_leaders() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    trace = tcpsim.run(tcpsim.loads(example)).trace
    page = layout(trace)
    check(page)
    moves = {(each.host, each.time) for each in each_of(trace, Moved) if str(each.target) == "ESTABLISHED"}
    notes = {(each.host, each.time) for each in each_of(trace, Note)}
    assert notes == moves
    assert len({line[1] for line in page.leaders}) == 2
    assert "here the client believes that it is connected" in " ".join(ladder_text(trace, width=140).split())


def test_the_page_names_every_option_of_a_look() -> None:
    from tcpsim.cli.looks import coloured, detailed

    command = click.command()(coloured(detailed(lambda: None)))
    assert [option for each in command.params for option in each.opts if f"`{option}" not in PAGE] == []
    for choice in (each.type for each in command.params):
        if isinstance(choice, click.Choice):
            assert [name for name in choice.choices if f" {name}`" not in PAGE] == []
    assert [each for each in LADDER_FORMATS if f"`.{each}`" not in PAGE] == []


def test_the_python_of_the_page_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = [each for each in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "why-not-two" in each]
    exec(code, {})  # what the page shows
    assert "SYN seq 100" in (tmp_path / "why-not-two.svg").read_text("utf-8")
