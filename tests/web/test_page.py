"""The page of a run: one file that asks for nothing, in which nothing that a user gave becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import tcpsim
from tcpsim.cli import commands
from tcpsim.draw.figure import Look
from tcpsim.draw.framing import Caption
from tcpsim.draw.palette import DARK, PRINT
from tcpsim.tcp.diagram import EDGES, State
from tcpsim.trace import Changed, Header, HostHeader, Note, Trace
from tcpsim.web import page_html, write_page
from tcpsim.web.state_map import state_map

HOSTILE = "</script><img src=https://example.com/x onerror=alert(1)>\"'&<!--"


class Tags(HTMLParser):
    """Collects a page's elements with their attributes, and the texts of its scripts, styles and text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.inside.append("/" + tag)

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.inside[-1] if self.inside else "", []).append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def traced(name: str, *, explained: bool = True) -> Trace:
    return tcpsim.run(name, explained=explained).trace


@pytest.fixture(scope="module")
def lossy() -> Trace:
    return traced("lossy")


@pytest.fixture(scope="module")
def page(lossy: Trace) -> str:
    return page_html(lossy)


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="run">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# ------------------------------------------------------------------ one file that asks for nothing


def test_policy_allows_the_one_script_and_the_one_style_sheet_and_nothing_else(page: str) -> None:
    tags = Tags(page)
    (policy,) = [each["content"] for each in tags.named("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    style, script = tags.texts["style"], [text for text in tags.texts["script"] if text.startswith('"use strict"')]
    assert policy == (
        f"default-src 'none'; script-src {hash_of(''.join(script))}; style-src {hash_of(''.join(style))}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert [each.get("type") for each in tags.named("script")] == ["application/json", None]


def test_no_address_that_a_browser_would_fetch(page: str) -> None:
    tags = Tags(page)
    links = [
        attributes for _, attributes in tags.found if {"src", "href", "xlink:href", "action", "srcset"} & {*attributes}
    ]
    assert links == [{"rel": "icon", "href": "data:,"}]
    assert {*re.findall(r"https?://[^\s\"'<]*", page)} == {"http://www.w3.org/2000/svg"}
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []


def test_no_script_and_no_style_in_attributes(page: str) -> None:
    for tag, attributes in Tags(page).found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag


def test_ids_are_unique(page: str) -> None:
    ids = [attributes["id"] for _, attributes in Tags(page).found if "id" in attributes]
    assert sorted(ids, key=str) == sorted({*ids}, key=str)


def test_equal_traces_give_equal_pages(page: str) -> None:
    assert page_html(traced("lossy")) == page


def test_write_page_returns_the_file(lossy: Trace, page: str, tmp_path: Path) -> None:
    path = write_page(lossy, tmp_path / "x.html")
    assert path.read_bytes() == page.encode()


# ------------------------------------------------------------------ hostile words


def test_what_a_user_gave_never_becomes_markup() -> None:
    header = Header(
        title=HOSTILE, source=HOSTILE, scenario=HOSTILE, links=(HOSTILE,),
        hosts=(HostHeader(HOSTILE, (HOSTILE,), HOSTILE), HostHeader("b", ("192.0.2.2",))),
    )  # fmt: skip
    notes = [Note(0, 0, HOSTILE, None, None, HOSTILE), Note(5, 1, HOSTILE, None, None, "\u2028\x1b[31m]]>")]
    text = page_html(Trace.of(header, list(notes)), Look(caption=Caption(HOSTILE, HOSTILE, HOSTILE)))
    tags = Tags(text)
    assert tags.named("img") == []
    assert len(tags.named("script")) == 2
    assert [tag for tag, attributes in tags.found if "onerror" in attributes] == []
    assert HOSTILE in "".join(tags.texts["h1"])
    data = data_of(text)
    assert data["hosts"][0]["name"].startswith("</script><img")
    assert HOSTILE in data["steps"][0]["head"]
    assert "\u2028" not in text
    assert "\x1b" not in text


def test_the_block_of_data_holds_no_angle_bracket(page: str) -> None:
    raw = re.search(r'id="run">(.*?)</script>', page, re.DOTALL)
    assert raw is not None
    assert not {*"<>&"} & {*raw[1]}


# ------------------------------------------------------------------ what is told


def test_a_step_has_its_checks_with_numbers_the_rule_and_what_followed() -> None:
    data = data_of(page_html(traced("why-not-two")))
    (step,) = [each for each in data["steps"] if each["n"] == 21]
    assert step["head"] == "SYN,ACK seq 0 ack -9 arrives at client"
    assert step["state"] == "SYN-SENT"
    (check,) = step["checks"]
    passed, asked, cite = check
    assert not passed
    assert asked == "first, ACK bit: ISS < SEG.ACK =< SND.NXT: 0 < -9 =< 1? no"
    assert cite == "RFC 9293 3.10.7.3, first"
    assert step["why"][1] == "RFC 9293 3.10.7.3, first"
    assert [words for words, *_ in step["then"]] == [
        "client does not use SYN,ACK seq 0 ack -9", "client sends RST seq -9 to server"
    ]  # fmt: skip


def test_every_change_of_the_tcb_is_there(lossy: Trace, page: str) -> None:
    steps = data_of(page)["steps"]
    told = [row[:3] for step in steps for change in step["changes"] for row in change["rows"]]
    changed = [change for record in lossy.of_kind(Changed) for change in record.changes]
    assert [name for name, *_ in told] == [name for name, *_ in changed]
    assert ["SND.NXT", "1", "501"] in told


def test_flights_say_between_which_steps_a_segment_is_under_way(page: str) -> None:
    data = data_of(page)
    first, second = data["flights"][:2]
    assert (first["text"], first["fate"], first["marks"]) == ("SYN seq 0", "lost", "")
    assert "random loss" in first["by"]
    assert (second["text"], second["marks"]) == ("SYN seq 0", "retransmission 1")
    assert data["steps"][second["a"]]["clock"] == "1 s"
    assert data["steps"][second["b"]]["head"] == "SYN seq 0 arrives at server"


def test_timers_run_from_the_step_that_sets_them_to_the_one_that_ends_them(page: str) -> None:
    data = data_of(page)
    first = next(timer for timer in data["timers"] if timer["name"] == "RTO")
    assert (first["lasts"], first["due"] - first["set"]) == ("1 s", 1_000_000_000)
    assert data["steps"][first["a"]]["head"] == "the application at client calls connect(192.0.2.2:80)"
    assert data["steps"][first["b"]]["head"] == "client's retransmission timer expires"


def test_heights_follow_the_order_of_the_steps(page: str) -> None:
    steps = data_of(page)["steps"]
    for ladder in (0, 1):
        ys = [step["y"][ladder] for step in steps]
        assert ys == sorted(ys)
        assert ys[-1] > ys[0]


def test_every_event_is_in_the_list(page: str) -> None:
    buttons = [each for each in Tags(page).named("button") if "data-step" in each]
    assert [each["data-step"] for each in buttons] == [str(number) for number in range(len(data_of(page)["steps"]))]


def test_a_run_without_explanations_gives_a_page_of_what_is_known() -> None:
    text = page_html(traced("handshake", explained=False))
    data = data_of(text)
    assert not data["explained"]
    assert "was kept without explanations" in text
    assert not any("checks" in step or step["changes"] for step in data["steps"])
    moves = [move for step in data["steps"] for move in step["moves"]]
    assert [0, 1, "SYN-SENT", "ESTABLISHED"] in moves
    assert data["timers"]


def test_an_empty_trace_gives_a_page() -> None:
    data = data_of(page_html(Trace(Header())))
    assert data["steps"] == []


def test_a_host_that_does_otherwise_than_the_rfc_is_told_as_one() -> None:
    trace = tcpsim.run("syn-flood-cookies", explained=True).trace
    assert any(not step["agreed"] for step in data_of(page_html(trace))["steps"] if "checks" in step)


# ------------------------------------------------------------------ limits and looks


def test_a_cut_is_named_on_the_page(lossy: Trace) -> None:
    text = page_html(lossy, Look(max_segments=4))
    steps = data_of(text)["steps"]
    assert 0 < len(steps) < 12
    assert f"it ends before the last {24 - len(steps)} of 24 events" in text


def test_more_steps_than_a_page_holds(lossy: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcpsim.web.steps.MOST_STEPS", 10)
    text = page_html(lossy)
    assert len(data_of(text)["steps"]) == 10
    assert "it ends before the last 14 of 24 events" in text


def test_a_step_with_many_consequences_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcpsim.web.steps.MOST_FOLLOWING", 1)
    steps = data_of(page_html(traced("why-not-two")))["steps"]
    (step,) = [each for each in steps if each["n"] == 21]
    assert step["then"][-1] == ["and 1 more", "", ""]


def test_a_view_that_is_too_large_is_named(lossy: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcpsim.web.page.LARGEST_VIEW", 10)
    assert "<code>tcpsim diagram --view sequence</code>" in page_html(lossy)


def test_a_window_shows_a_part_and_says_so(lossy: Trace) -> None:
    text = page_html(lossy, Look(window=(38, 80)))
    steps = data_of(text)["steps"]
    assert f"This page shows {len(steps)} of the run&#x27;s 24 events." in text
    assert steps[0]["n"] <= 38 <= steps[-1]["ids"][-1] <= 90


def test_timers_set_before_a_window_run_in_it(lossy: Trace) -> None:
    timers = data_of(page_html(lossy, Look(window=(38, 80))))["timers"]
    assert any(timer["a"] == -1 for timer in timers)


def test_a_page_opens_in_the_theme_that_was_asked_for(lossy: Trace) -> None:
    assert '<html lang="en" data-theme="dark">' in page_html(lossy, Look(theme=DARK))
    assert '<html lang="en" data-theme="print">' in page_html(lossy, Look(theme=PRINT))
    assert '<html lang="en">' in page_html(lossy)


def test_a_caption_stands_above(lossy: Trace) -> None:
    text = page_html(lossy, Look(caption=Caption("Why?", "Because `RST` says so.", "")))
    assert '<p class="question">Why?</p><p>Because <code>RST</code> says so.</p>' in text


def test_hosts_that_no_header_names() -> None:
    trace = Trace.of(Header(), list(traced("handshake").records))
    assert {host["name"] for host in data_of(page_html(trace))["hosts"]} == {"client", "server"}


def test_each_host_has_its_connections_and_with_whom_they_speak() -> None:
    hosts = data_of(page_html(traced("half-open-crash")))["hosts"]
    assert [host["conns"] for host in hosts] == [
        [[1, "192.0.2.2:80"], [2, "192.0.2.2:80"]],
        [[1, "192.0.2.1:5000"], [2, "192.0.2.1:5000"]],
    ]


def test_names_over_the_lifelines_are_where_the_ladders_have_them(page: str) -> None:
    data = data_of(page)
    for names in data["names"]:
        assert [(name, role) for name, _, role in names] == [("client", "host"), ("server", "host")]
        assert 0 < names[0][1] < names[1][1]
    assert data["names"][1][1][1] < data["names"][0][1][1]  # the ladder for a phone is the narrower one


def test_a_narrow_ladder_has_the_same_and_nothing_overlaps(lossy: Trace) -> None:
    wide, narrow = (Look(detail=0, narrow=narrow).page(lossy) for narrow in (False, True))
    assert narrow.width < wide.width - 80
    assert sorted(shot.serial for shot in narrow.shots) == sorted(shot.serial for shot in wide.shots)
    boxes = [label.box for label in narrow.labels]
    assert not [1 for place, box in enumerate(boxes) for other in boxes[place + 1 :] if box.overlaps(other)]
    assert all(box.bounds[0] >= 0 and box.bounds[2] <= narrow.width for box in boxes)


def test_no_view_is_tried_of_too_many_records(lossy: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcpsim.web.page.MOST_VIEWED", len(lossy) - 1)
    monkeypatch.setattr("tcpsim.web.page.view_svg", None)
    assert page_html(lossy).count("Too large for a page") == 4


def test_a_page_of_a_capture_says_what_is_not_known() -> None:
    header = Header(hosts=(HostHeader("client", ("192.0.2.1",)), HostHeader("server", ("192.0.2.2",))))
    trace = Trace.of(header, list(traced("handshake", explained=False).records))
    assert "As in every capture, only the segments were seen" in page_html(trace)
    assert "As in every capture" not in page_html(traced("handshake", explained=False))


# ------------------------------------------------------------------ the state diagram


def test_the_map_has_every_state_and_a_line_for_every_row() -> None:
    tags = Tags(state_map("State diagram"))
    boxes = [each["data-state"] for each in tags.named("g") if "data-state" in each]
    assert boxes == [*(str(state) for state in State), "CLOSED"]
    lines = [(each["data-from"], each["data-to"]) for each in tags.named("path") if "data-from" in each]
    assert sorted(lines, key=str) == sorted({(str(edge.source), str(edge.target)) for edge in EDGES})


def test_rows_beyond_the_figure_are_dashed_or_hidden() -> None:
    for each in Tags(state_map("x")).named("path"):
        if "data-from" in each:
            printed = any(
                edge.printed
                for edge in EDGES
                if (str(edge.source), str(edge.target)) == (each["data-from"], each["data-to"])
            )
            assert ("dashed" in (each["class"] or "")) != printed


# ------------------------------------------------------------------ the command


def test_diagram_writes_a_page(tmp_path: Path) -> None:
    ran = CliRunner().invoke(commands.tcpsim, ["diagram", "handshake", "-o", str(tmp_path / "x.HTML"), "--caption"])
    assert (ran.exit_code, ran.stderr) == (0, "")
    text = (tmp_path / "x.HTML").read_text("utf-8")
    assert data_of(text)["explained"]
    assert not re.search(r'<p class="question"></p>', text)


def test_diagram_takes_the_segments_that_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    ran = CliRunner().invoke(commands.tcpsim, ["diagram", "lossy", "-o", str(path), "--segments", "4"])
    assert ran.exit_code == 0
    assert "The page is full" in path.read_text("utf-8")


def test_diagram_of_a_kept_trace(tmp_path: Path) -> None:
    traced("handshake", explained=False).write(tmp_path / "kept.jsonl")
    ran = CliRunner().invoke(commands.tcpsim, ["diagram", str(tmp_path / "kept.jsonl"), "-o", str(tmp_path / "x.html")])
    assert ran.exit_code == 0
    assert not data_of((tmp_path / "x.html").read_text("utf-8"))["explained"]


def test_a_page_of_one_view_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    ran = CliRunner().invoke(commands.tcpsim, ["diagram", "lossy", "--view", "queues", "-o", str(path)])
    assert ran.exit_code == 2
    assert "--view queues: a page shows the ladder and the other views, too; leave --view out" in ran.stderr
    assert not path.exists()
