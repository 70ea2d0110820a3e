"""The layout's laws: labels apart, all on the page, order in time is order on the page."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given, settings
from matplotlib.backends.backend_agg import RendererAgg

from tcpsim.draw.canvas import plain_settings
from tcpsim.draw.figure import paint
from tcpsim.draw.layout import layout
from tcpsim.draw.page import Box, Label, Page
from tcpsim.draw.scene import BRIEF, FULL
from tcpsim.trace import Trace

from . import runs
from .random_runs import traces

CLOSE = 1.2
"""Points that Agg's whole pixels may add to a line's height."""


def overlaps(page: Page) -> list[tuple[str, str]]:
    ordered = sorted(page.labels, key=lambda label: label.box.bounds[1])
    found = []
    for place, label in enumerate(ordered):
        for below in ordered[place + 1 :]:
            if below.box.bounds[1] >= label.box.bounds[3]:
                break
            if label.box.overlaps(below.box):
                found.append((label.text, below.text))
    return found


def outside(page: Page) -> list[str]:
    out = []
    for label in page.labels:
        left, top, right, bottom = label.box.bounds
        if left < 0 or top < 0 or right > page.width or bottom > page.height:
            out.append(label.text)
    return out


def check(page: Page) -> None:
    assert overlaps(page) == []
    assert outside(page) == []
    ends = [(shot.sent_at, shot.y0) for shot in page.shots]
    ends += [(shot.ends_at, shot.y1) for shot in page.shots if shot.head]
    ends += [(bar.start, bar.y0) for bar in page.bars if bar.start is not None]
    ends += [(tick.time, tick.y) for tick in page.ticks]
    heights: dict[int, list[float]] = {}
    for time, y in sorted(ends):
        heights.setdefault(time, []).append(y)
    for above, below in pairwise(heights.values()):
        assert max(above) < min(below)
    for shot in page.shots:
        assert shot.y0 <= shot.y1
        assert 0 <= min(shot.x0, shot.x1) <= max(shot.x0, shot.x1) <= page.width
        assert page.top <= shot.y0 <= shot.y1 <= page.bottom <= page.height
    for bar in page.bars:
        assert bar.y0 <= bar.y1


@pytest.mark.parametrize("detail", [BRIEF, 1, FULL])
@pytest.mark.parametrize("name", runs.ALL)
def test_every_run_keeps_the_laws(name: str, detail: int) -> None:
    page = layout(runs.ALL[name](), detail=detail)
    check(page)
    assert page.unlabelled == 0


@settings(max_examples=60)
@given(traces())
def test_any_trace_keeps_the_laws(trace: Trace) -> None:
    check(layout(trace))
    check(layout(trace, detail=FULL))


@pytest.mark.parametrize("name", ["mishaps", "three-hosts", "lost-syn-ack"])
def test_boxes_hold_what_is_drawn(name: str) -> None:
    page = layout(runs.ALL[name](), detail=FULL)
    with plain_settings():
        paper = paint(page)
        renderer = cast(Any, RendererAgg)(round(page.width), round(page.height), 72)
        for label, text in paper.texts:
            text.set_rotation(0)
            drawn = text.get_window_extent(renderer)
            assert drawn.width <= label.box.width, label.text
            assert drawn.height <= label.box.height + CLOSE, label.text
            if not label.box.angle:
                middle = page.height - (drawn.y0 + drawn.y1) / 2
                assert abs(middle - label.box.y) < 2.5, label.text


def labels(page: Page, role: str) -> list[Label]:
    return [label for label in page.labels if label.role == role]


def texts(page: Page, role: str) -> list[str]:
    return [label.text for label in sorted(labels(page, role), key=lambda label: label.box.y)]


def test_a_lost_segment_dies_half_way() -> None:
    page = layout(runs.lost_syn_ack())
    (lost,) = [shot for shot in page.shots if shot.look == "lost"]
    whole = page.shots[0]
    assert (lost.cross, lost.head) == (True, False)
    assert lost.x1 == pytest.approx((whole.x0 + whole.x1) / 2)
    assert "lost (fault: drop 1st SYN,ACK)" in texts(page, "lost")


def test_equal_delays_have_equal_slopes_where_time_is_true_to_scale() -> None:
    page = layout(runs.handshake())
    drops = [shot.y1 - shot.y0 for shot in page.shots]
    assert drops == pytest.approx([50_000_000 * page.scale] * 3)
    assert not any(piece.stretched for piece in page.axis)


def test_silence_is_folded_and_said() -> None:
    page = layout(runs.lost_syn_ack())
    assert texts(page, "silence") == [
        "nothing happens for 950 ms", "nothing happens for 200 ms", "nothing happens for 240 s",
    ]  # fmt: skip
    assert [fold.silence for fold in page.folds] == [950_000_000, 200_000_000, 239_950_000_000]
    assert page.height < 800


def test_timers_are_brackets_with_name_and_duration() -> None:
    page = layout(runs.lost_syn_ack())
    assert texts(page, "timer") == ["RTO", "1 s", "RTO", "1 s", "2 MSL", "240 s"]
    assert [bracket.side for bracket in page.brackets] == [1, 1, -1]
    states = labels(page, "state")
    for bracket in page.brackets:
        reach = Box(bracket.x, (bracket.y0 + bracket.y1) / 2, 10, bracket.y1 - bracket.y0)
        assert not any(reach.overlaps(label.box) for label in states)


def test_states_follow_one_another_on_each_lifeline() -> None:
    page = layout(runs.lost_syn_ack())
    for host in (0, 1):
        bars = [bar for bar in page.bars if bar.host == host]
        assert bars[0].y0 == page.top
        assert bars[-1].y1 == page.bottom
        assert all(above.y1 == below.y0 for above, below in pairwise(bars))
    assert texts(page, "state")[:4] == ["CLOSED", "CLOSED", "SYN-SENT", "LISTEN"]


def test_marks_say_what_the_network_did() -> None:
    page = layout(runs.mishaps())
    words = " | ".join(texts(page, "network") + texts(page, "again") + texts(page, "lost"))
    for mark in ("(copy, not used)", "(held back)", "(injected)", "(retransmission 1)", "under way", "corrupted"):
        assert mark in words
    assert [shot.unused for shot in page.shots if shot.look == "network"] == [True, False, False]


def test_a_burst_is_stretched_and_the_axis_shows_it() -> None:
    page = layout(runs.transfer(20, 20))
    burst = [shot.y0 for shot in page.shots if shot.sent_at == 160_000_000]
    assert len(burst) == 20
    assert all(below - above >= 15 for above, below in pairwise(burst))
    assert any(piece.stretched for piece in page.axis)
    assert any("stretched" in text for text in texts(page, "footer"))
    check(page)


def test_what_is_too_much_is_counted() -> None:
    page = layout(runs.transfer(60), max_segments=30)
    assert len(page.shots) == 30
    assert any(text.endswith("more segments not drawn") for text in texts(page, "footer"))
    check(page)


def test_a_long_run_does_not_hang() -> None:
    run = runs.Run("Long")
    for number in range(3000):
        run.over(number * 0.01, "client", "ACK", 1 + number, 1, 1)
        run.call(number * 0.01, "client", "send(1)")
    page = layout(run.trace())
    assert len(page.shots) <= 200
    check(page)


def test_calls_are_many_and_segments_few() -> None:
    run = runs.Run("Many calls")
    for number in range(5000):
        run.call(number, "client", "status()")
    page = layout(run.trace())
    assert len(page.labels) < 3000
    assert "what follows is not drawn" in texts(page, "footer")


@pytest.mark.parametrize("hosts", [(), ("lonely",)])
def test_a_trace_with_nothing_in_it_is_a_page(hosts: tuple[str, ...]) -> None:
    check(layout(runs.Run("Nothing", hosts=hosts).trace()))
    check(layout(Trace()))


def test_a_host_between_two_others_is_a_band() -> None:
    page = layout(runs.three_hosts())
    assert len(page.bands) == 3  # and two hosts with two connections each
    edges = sorted({bar.x0 for bar in page.bars if bar.host == 1})
    assert len(edges) == 2
    inside = [shot for shot in page.shots if edges[0] + 17 < shot.x0 < edges[1] - 1]
    assert inside == []


def test_connections_of_one_host_have_a_strip_each_and_their_number() -> None:
    page = layout(runs.three_hosts())
    assert len({bar.x0 for bar in page.bars if bar.host == 0}) == 2
    assert {"#1 SYN-SENT", "#2 SYN-SENT"} <= set(texts(page, "state"))


def test_a_connection_takes_over_the_strip_of_one_that_ended() -> None:
    run = runs.Run("One after the other")
    for number in (1, 2):
        run.move(number * 100, "client", "CLOSED", "SYN-SENT", number)
        run.move(number * 100 + 50, "client", "SYN-SENT", "CLOSED", number)
    page = layout(run.trace())
    bars = [bar for bar in page.bars if bar.host == 0]
    assert len({bar.x0 for bar in bars}) == 1
    assert all(above.y1 <= below.y0 + 1e-9 for above, below in pairwise(sorted(bars, key=lambda bar: bar.y0)))
