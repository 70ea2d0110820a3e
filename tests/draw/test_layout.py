"""The layout's laws: labels apart, all on the page, order in time is order on the page."""

from __future__ import annotations

import re
from itertools import pairwise
from math import cos, hypot, radians, sin
from typing import Any, cast

import pytest
from hypothesis import given, settings
from matplotlib.backends.backend_agg import RendererAgg

from tcpsim.draw.canvas import plain_settings
from tcpsim.draw.figure import paint
from tcpsim.draw.layout import TALLEST, layout
from tcpsim.draw.measure import width, wrap_evenly
from tcpsim.draw.page import Box, Label, Page, Shot
from tcpsim.draw.palette import TYPES
from tcpsim.draw.scene import BRIEF, FULL
from tcpsim.trace import Arrived, Delivered, Trace

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


ALONG = frozenset({"sent", "again", "network", "lost", "silence"})
"""The words between the lifelines."""


def struck(page: Page) -> list[str]:
    """Return the words that an arrow passes through, as it is drawn; found apart from what placed them."""
    lines = [line for shot in page.shots for line in drawn(shot)]
    return [
        label.text for label in page.labels if label.role in ALONG and any(label.box.crossed_by(line) for line in lines)
    ]


def drawn(shot: Shot) -> list[tuple[float, float, float, float]]:
    """Return the pieces of an arrow that leave out its gaps."""
    edges = [0.0, *(edge for gap in sorted(shot.gaps) for edge in gap), 1.0]
    run, fall = shot.x1 - shot.x0, shot.y1 - shot.y0
    return [
        (shot.x0 + run * low, shot.y0 + fall * low, shot.x0 + run * high, shot.y0 + fall * high)
        for low, high in zip(edges[::2], edges[1::2], strict=True)
        if low < high
    ]


def away(box: Box, x: float, y: float) -> float:
    """Return how far a point is from a box."""
    turn = radians(box.angle)
    along = (x - box.x) * cos(turn) - (y - box.y) * sin(turn)
    across = (x - box.x) * sin(turn) + (y - box.y) * cos(turn)
    return hypot(max(abs(along) - box.width / 2, 0), max(abs(across) - box.height / 2, 0))


def check_ends(page: Page) -> None:
    """What became of a segment stands right at its cross."""
    told = [label.box for label in page.labels if label.role == "lost" and " seq " not in label.text]
    for shot in page.shots:
        if shot.cross:
            assert min(away(box, shot.x1, shot.y1) for box in told) <= 9, (shot.tip, shot.sent_at)


def check_silence(page: Page) -> None:
    """No packet is under way while nothing happens."""
    for fold in page.folds:
        over = [shot for shot in page.shots if shot.y0 < fold.y < shot.y1]
        assert len(over) <= fold.flying
        for shot in over:
            assert any(low < (fold.y - shot.y0) / (shot.y1 - shot.y0) < high for low, high in shot.gaps)
    if not page.unlabelled:
        quiet = [text for text in texts(page, "silence") if text.startswith("nothing happens")]
        assert len(quiet) == sum(not fold.flying for fold in page.folds)


def check(page: Page) -> None:
    assert overlaps(page) == []
    assert outside(page) == []
    check_silence(page)
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
    check_ends(page)
    assert page.unlabelled == 0
    assert struck(page) == []


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
        "nothing happens for 900 ms", "nothing happens for 200 ms", "nothing happens for 240 s",
    ]  # fmt: skip
    assert [fold.silence for fold in page.folds] == [900_000_000, 200_000_000, 239_950_000_000]
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


def sides(page: Page, shots: list[Shot]) -> list[tuple[float, bool]]:
    """Return, for the label of each arrow, where along the way it stands, and whether below."""
    boxes = {label.text: label.box for label in page.labels}
    own = [(shot, boxes[shot.tip.split(":")[0]]) for shot in shots]
    return [
        (round(box.x), box.y > shot.y0 + (shot.y1 - shot.y0) * (box.x - shot.x0) / (shot.x1 - shot.x0))
        for shot, box in own
    ]


def test_the_labels_of_a_bundle_keep_one_side_and_one_place() -> None:
    page = layout(runs.a_bundle())
    bundle = page.shots[3:]
    assert len(bundle) == 6
    along = [x for x, _ in sides(page, bundle)]
    assert max(along) - min(along) <= 1
    assert along[0] == pytest.approx((bundle[0].x0 + bundle[0].x1) / 2, abs=4)
    assert not any(below for _, below in sides(page, bundle))


def test_what_is_lost_in_a_bundle_stays_between_its_neighbours() -> None:
    """A lost segment is drawn beside those it travelled with, though the trace knows no queue that it waited in."""
    page = layout(runs.a_bundle((0, 1, 4)))
    bundle = page.shots[3:]
    assert [shot.cross for shot in bundle] == [True, True, False, False, True, False]
    middle = bundle[0].x1
    heights = [shot.y0 + (shot.y1 - shot.y0) * (middle - shot.x0) / (shot.x1 - shot.x0) for shot in bundle]
    assert all(below - above > 10 for above, below in pairwise(heights))
    assert texts(page, "lost").count("lost (random loss 5%)") == 3
    assert {below for _, below in sides(page, bundle)} == {False}


def test_a_reason_breaks_where_it_reads_best() -> None:
    style = TYPES["lost"]
    text = "lost (fault: drop the 2nd SYN,ACK from the server)"
    reason = text.removeprefix("lost ")
    assert wrap_evenly(text, style, width(text, style), 3) == (text,)
    assert wrap_evenly(text, style, width(reason, style), 3) == ("lost", reason)
    rest = reason.removeprefix("(fault: ")
    assert wrap_evenly(text, style, width(rest, style), 3) == ("lost (fault:", rest)
    assert wrap_evenly("corrupted (corruption 1%)", style, 100, 3) == ("corrupted", "(corruption 1%)")
    assert wrap_evenly("lost " * 80, style, 100, 2)[-1].endswith("…")


def test_over_a_fold_it_is_said_what_is_under_way() -> None:
    page = layout(runs.held_for_long())
    words = " ".join(texts(page, "silence"))
    assert words == (
        "for 1 s only PSH,ACK seq 1..100 ack 1 is under way for 1.95 s only PSH,ACK seq 1..100 ack 1 is under way "
        "nothing happens for 2 s for 2.95 s only PSH,ACK seq 101..200 ack 1 is under way nothing happens for 4 s"
    )
    assert [fold.flying for fold in page.folds] == [1, 1, 0, 1, 0]


def test_over_a_fold_a_packet_on_another_link_is_told_too() -> None:
    page = layout(runs.a_slow_link())
    assert texts(page, "silence") == [
        "for 1.99 s only SYN seq 0 is under way", "for 1.97 s only SYN seq 0 is under way",
        "nothing happens for 4.99 s",
    ]  # fmt: skip


def test_several_packets_over_a_fold_are_counted() -> None:
    run = runs.Run("Two held")
    for number in range(2):
        run.held(number, run.sent(number, "client", "ACK", 1 + number, 1, 1), 5000)
    for number in range(4):
        run.over(10 + number, "server", "ACK", 1, 1)
    for number in range(2):
        run.rows.append((Arrived, 5_000_000_000, "server", 1, None, *run.rows[2 * number][5:8]))
    page = layout(run.trace())
    assert texts(page, "silence") == ["for 4.94 s only 2 segments are under way"]


def test_what_is_too_much_is_counted() -> None:
    page = layout(runs.transfer(60), max_segments=30)
    assert len(page.shots) == 30
    assert "... 103 more segments not drawn: max_segments is 30" in texts(page, "footer")
    assert texts(page, "above") == []
    check(page)


def test_what_came_before_is_counted_on_top() -> None:
    trace = runs.transfer(60)
    sent = [record.serial for record in trace if record.kind == "sent"]
    page = layout(trace, window=(sent[100], sent[110] - 1))
    (above,) = labels(page, "above")
    inbound = len(page.shots) - 10
    assert above.text == f"({100 - inbound} earlier segments not drawn)"
    assert above.box.y < page.top
    check(page)


def test_a_sum_of_deliveries_is_true_of_the_whole_run() -> None:
    trace = runs.transfer(60)
    totals = [record.total for record in trace if isinstance(record, Delivered)]
    page = layout(trace, max_segments=100)
    (said,) = texts(page, "data")
    seen = int(re.findall(r"has (\d+) octets so far", said)[0])
    assert seen in totals
    assert seen < totals[-1]
    start = next(record.serial for record in trace if isinstance(record, Delivered) and record.total == seen)
    later = layout(trace, window=(start + 1, len(trace)))
    assert texts(later, "data") == [f"has {totals[-1]} octets so far"]


def test_deliveries_of_two_connections_are_not_added_up() -> None:
    run = runs.Run("Two connections")
    for number in range(8):
        run.add(Delivered, number, "server", 10, None, True, False, 10 * (number // 2 + 1), connection=1 + number % 2)
        run.move(number, "server", "LISTEN", "ESTABLISHED", 1 + number % 2)
    assert texts(layout(run.trace()), "data") == ["#1 has 40 octets so far", "#2 has 40 octets so far"]


def test_what_is_not_drawn_yet_is_not_told() -> None:
    """In a clipped scene a segment is under way, and nothing yet says that its receiver will not use it."""
    run = runs.Run("Clipped")
    for number in range(3):
        packet = run.sent(number * 10, "client", "ACK", 1 + number, 1, 1)
        run.arrived(number * 10 + 50, packet)
        run.discarded(number * 10 + 50, packet)
    whole, part = layout(run.trace()), layout(run.trace(), max_segments=2)
    assert sum(text.endswith("(not used)") for text in texts(whole, "sent")) == 3
    assert [text for text in texts(part, "sent") if "not used" in text] == []


def test_a_page_is_never_higher_than_can_be_shown() -> None:
    """Whatever is asked for; and it says so, and stays readable."""
    run = runs.Run("Huge")
    for number in range(3000):
        run.over(number * 60, "client", "ACK", 1 + number, 1, 1)
    page = layout(run.trace(), max_segments=1_000_000)
    assert 0.6 * TALLEST < page.height <= TALLEST
    assert f"... {3000 - len(page.shots)} more segments not drawn: the page is full" in texts(page, "footer")
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
    assert page.height <= TALLEST
    assert "... what follows is not drawn: the page is full" in texts(page, "footer")


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
