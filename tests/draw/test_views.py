"""The other views of a trace: their values, against the trace; their axes; and that what is drawn can be read."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

import tcpsim
from tcpsim.draw.framing import Caption
from tcpsim.draw.palette import STATE_FILL, THEMES, TYPES, contrast
from tcpsim.draw.views import MAX_RUNS, VIEWS, draw_view, view, view_svg
from tcpsim.draw.views.axes import TimeAxis, ValueAxis, folded, in_unit, round_step, time_unit
from tcpsim.draw.views.chart import Chart
from tcpsim.draw.views.courses import courses
from tcpsim.draw.views.crowds import directions, queues
from tcpsim.draw.views.lives import lives
from tcpsim.draw.views.piece import WHOLE, Piece
from tcpsim.draw.views.sequences import Curve, busiest, put, sequence
from tcpsim.draw.views.timeline import MAX_ROWS
from tcpsim.scenario import library, load, run
from tcpsim.tcp.diagram import State
from tcpsim.tcp.segment import SYN
from tcpsim.trace import Changed, Header, HostHeader, Moved, Sent, Trace

from . import runs

ROOT = Path(__file__).parents[2]
MS = 1_000_000
NAMES = [entry.name for entry in library()]
TRACES: dict[str, Trace] = {}


def trace(name: str) -> Trace:
    """Return the explained trace of a scenario of the library."""
    if name not in TRACES:
        TRACES[name] = run(load(name), explained=True).trace
    return TRACES[name]


def at(curve: list[tuple[int, int]], time: int) -> int | None:
    """Return the value of a curve at a time."""
    return next((value for start, value in reversed(curve) if start <= time), None)


def milliseconds(curve: list[tuple[int, int]]) -> list[tuple[float, int]]:
    return [(time / MS, value) for time, value in curve]


# ---------------------------------------------------------------------- values


def test_lives_are_the_states_in_order() -> None:
    told = lives(trace("handshake"))
    assert list(told) == ["client", "server"]
    (client,), (server,) = told.values()
    assert client.flow == ("192.0.2.1", 49152, "192.0.2.2", 80)
    assert [(str(stay.state), stay.start[0] / MS, stay.end and stay.end[0] / MS) for stay in server.stays] == [
        ("LISTEN", 0, 50), ("SYN-RECEIVED", 50, 150), ("ESTABLISHED", 150, None),
    ]  # fmt: skip
    assert client.stays[1].why == trace("handshake").of_kind(Moved, "client")[1].why.sentence  # type: ignore[union-attr]  # an endpoint moved


def test_a_host_without_a_connection_is_there() -> None:
    told = lives(trace("syn-flood"))
    assert told["attacker"] == []
    assert [len(each) for each in told.values()] == [0, 3, 1]


def test_a_crash_ends_every_life_of_the_host() -> None:
    first, second = lives(trace("half-open-crash"))["client"]
    assert first.crashed
    assert first.stays[-1].end is not None
    assert first.stays[-1].end[0] == 1000 * MS
    assert not second.crashed
    assert second.stays[-1].end is None


def test_a_life_that_began_before_the_trace() -> None:
    made = runs.Run("", "")
    made.move(5, "client", "ESTABLISHED", "FIN-WAIT-1")
    (life,) = lives(made.trace())["client"]
    assert [(stay.state, stay.start) for stay in life.stays] == [
        (State.ESTABLISHED, (0, -1)), (State.FIN_WAIT_1, (5 * MS, 0)),
    ]  # fmt: skip
    assert life.flow is None


def test_a_sequence_is_what_the_sender_sees() -> None:
    told = sequence(trace("fast-retransmit-sack"), "client", 1)
    assert [(s.time / MS, s.start, s.end, s.again, s.fate) for s in told.strokes] == [
        (0, 0, 1, 0, "arrived"),
        (100, 1, 501, 0, "arrived"), (100, 501, 1001, 0, "lost"), (100, 1001, 1501, 0, "arrived"),
        (100, 1501, 2001, 0, "arrived"), (100, 2001, 2501, 0, "arrived"), (100, 2501, 3001, 0, "arrived"),
        (200, 501, 1001, 1, "arrived"),
    ]  # fmt: skip
    assert milliseconds(told.acks) == [(100, 1), (200, 501), (300, 3001)]
    assert milliseconds(told.edges) == [(100, 10001), (200, 10501), (300, 13001)]
    assert [(moment[0] / MS, left, right) for moment, left, right in told.blocks] == [
        (200, 1001, 1501), (200, 1001, 2001), (200, 1001, 2501), (200, 1001, 3001),
    ]  # fmt: skip
    assert [(moment[0] / MS, ack) for moment, ack in told.repeats] == [(200, 501)] * 4
    assert milliseconds(told.round_trips) == [(100, 100 * MS), (200, 100 * MS)]
    assert milliseconds(told.in_flight) == [(0, 1), (100, 3000), (200, 2500), (300, 0)]
    assert (told.peer, told.scaled, told.start, told.end) == ("server", True, 0, 300 * MS)


def test_a_stroke_says_what_it_is() -> None:
    told = sequence(trace("fast-retransmit-sack"), "client", 1)
    assert told.strokes[0].words == "SYN 0"
    assert told.strokes[2].words == "ACK 501..1000, lost: fault: drop 2nd data"
    assert told.strokes[-1].words.endswith("501..1000, sent again")


def test_a_window_of_zero() -> None:
    told = sequence(trace("zero-window"), "client", 1)
    assert milliseconds(told.edges) == [(100, 1001), (3300, 2001)]
    assert at(told.acks, 1000 * MS) == 1001


@pytest.mark.parametrize("name", NAMES)
def test_what_segments_tell_is_what_the_tcb_has(name: str) -> None:
    """SND.UNA, SND.NXT-SND.UNA, SND.UNA+SND.WND and the first SRTT, of every connection of the library."""
    told = trace(name)
    for host, connection in sorted({(r.host, r.connection) for r in told.of_kind(Sent) if r.connection is not None}):
        known: dict[str, object] = {}
        after: dict[int, tuple[int, int, int | None]] = {}
        for record in told.of_kind(Changed, host):
            if record.connection != connection:
                continue
            known |= {variable: value for variable, _, value in record.changes}
            iss, una, nxt, wnd = (known.get(each) for each in ("ISS", "SND.UNA", "SND.NXT", "SND.WND"))
            after.pop(record.time, None)
            if isinstance(iss, int) and isinstance(una, int) and isinstance(nxt, int):
                relative = (una - iss) % 2**32
                edge = relative + wnd if isinstance(wnd, int) else None
                after[record.time] = (relative, (nxt - una) % 2**32, edge)
        seen = sequence(told, host, connection)
        for time, (una_now, flight, edge) in after.items():
            assert (at(seen.acks, time) or 0, at(seen.in_flight, time) or 0) == (una_now, flight), (host, time)
            assert edge is None or at(seen.edges, time) == edge, (host, time)
        srtt = [value for _, value in courses(told, host, connection).explained["SRTT"] if value is not None]
        if srtt and seen.round_trips:
            assert srtt[0] == seen.round_trips[0][1]


def test_scaled_windows_are_shifted() -> None:
    network = tcpsim.Network(seed=1)
    client, server = network.host("client", profile="linux"), network.host("server", profile="linux")
    network.link(client, server, delay="10ms")
    server.listen(80)
    connection = client.connect(server, 80)
    network.at("1s", connection.send, 100)
    network.run(until="3s")
    assert network.trace is not None
    told = sequence(network.trace, "client", 1)
    shift = server.connections[1].endpoint.rcv_scale
    assert shift > 0
    assert told.scaled
    assert told.edges[-1][1] - told.acks[-1][1] == connection.endpoint.snd_wnd
    assert connection.endpoint.snd_wnd % (1 << shift) == 0


def test_without_its_syns_a_sequence_begins_with_what_is_there() -> None:
    made = runs.Run("", "")
    for number in range(3):
        made.over(number * 20, "client", "ACK", 1 + number * 100, 1, 100, delay=5)
        made.over(number * 20 + 5, "server", "ACK", 1, 101 + number * 100, delay=5)
    told = sequence(made.trace(), "client", 1)
    assert not told.scaled
    assert told.first == told.strokes[0].start == 1001
    assert [value for _, value in told.in_flight] == [100, 0, 100, 0, 100, 0]
    labels = [label.text for label in view("sequence", made.trace()).labels]
    assert any(text.startswith("Not both SYNs are in the trace") for text in labels)
    assert {"1000", "1050", "1300"} <= set(labels)
    assert not {"500", "950"} & set(labels)  # the axis begins there, too


def test_the_busiest_connection_is_the_one_with_the_most_octets() -> None:
    assert busiest(trace("lossy-transfer")) == ("client", 1)
    assert busiest(trace("lossy-transfer"), "server") == ("server", 1)
    assert busiest(Trace()) is None


def test_a_curve_has_one_value_for_each_time() -> None:
    curve: Curve = []
    for time, value in ((0, 1), (5, 2), (5, 3), (6, 3), (7, 4), (7, 3)):
        put(curve, time, value)
    assert curve == [(0, 1), (5, 3)]


def test_courses_are_the_changes_of_the_trace() -> None:
    told = courses(trace("fast-retransmit-sack"), "client", 1)
    assert [(time / MS, value) for time, value in told.explained["cwnd"]] == [(100, 5000), (200, 1250)]
    assert told.explained["ssthresh"][-1] == (200 * MS, 1250)
    assert told.missing == []
    late = courses(trace("lossy-transfer"), "client", 1)
    assert [time / MS for time in late.timeouts] == [2709.44, 4709.44]
    assert at(late.explained["RTO"], 3000 * MS) == 2000 * MS  # type: ignore[arg-type]  # a course has None, too


def test_a_trace_that_is_not_explained_says_what_is_missing() -> None:
    plain = run(load("lossy-transfer")).trace
    told = courses(plain, "client", 1)
    assert told.missing == ["cwnd", "ssthresh", "SRTT", "RTO"]
    assert told.in_flight == courses(trace("lossy-transfer"), "client", 1).in_flight
    assert told.round_trips
    words = [label.text for label in view("congestion", plain).labels]
    assert any(text.startswith("Not in this trace: cwnd, ssthresh, SRTT, RTO.") for text in words)
    assert not any(label.text.startswith("Not in") for label in view("congestion", trace("lossy")).labels)


def test_a_capture_does_not_tell_what_only_the_sender_knows() -> None:
    plain = run(load("lossy-transfer")).trace
    hosts = tuple(HostHeader(host.name, host.addresses) for host in plain.header.hosts)
    captured = Trace.of(Header("192.0.2.1:49152 > 192.0.2.2:80", hosts=hosts), list(plain.records))
    chart = view("congestion", captured)
    words = " ".join(label.text for label in chart.labels)
    assert "Not in this trace: cwnd, ssthresh, SRTT, RTO. A capture does not tell them: no packet carries what" in words
    assert "tcpsim diagram SCENARIO" not in words
    assert not {"cwnd", "ssthresh", "SRTT"} & {label.text for label in chart.labels}
    assert {"in flight", "round trip"} <= {label.text for label in chart.labels}


# ---------------------------------------------------------------------- pieces


def test_a_piece_of_a_curve_begins_with_what_held() -> None:
    curve = [(0, 1), (10, 2), (20, 3), (30, 4)]
    assert Piece(10, 20).of_curve(curve) == [(10, 2), (20, 3)]
    assert Piece(12, 29).of_curve(curve) == [(12, 2), (20, 3)]
    assert Piece(40, 50).of_curve(curve) == [(40, 4)]
    assert Piece(5, 15).of_curve(curve[1:]) == [(10, 2)]
    assert WHOLE.of_curve(curve) == curve
    assert (WHOLE.ends, Piece(1, 2).ends) == ([], [1, 2])


def test_a_piece_of_each_view_is_what_lies_in_it() -> None:
    whole, piece = trace("lossy-transfer"), Piece(1700 * MS, 4710 * MS)
    told = sequence(whole, "client", 1, piece)
    assert [stroke.time / MS for stroke in told.strokes if stroke.again] == [2709.44, 4709.44]
    assert told.acks[0] == (1700 * MS, 22001)
    assert told.scaled == sequence(whole, "client", 1).scaled
    course = courses(whole, "client", 1, piece)
    assert [time / MS for time in course.timeouts] == [2709.44, 4709.44]
    assert course.explained["RTO"] == [
        (1700 * MS, 1000 * MS), (2709_440_000, 2000 * MS), (4709_440_000, 4000 * MS),
    ]  # fmt: skip
    assert (course.start, course.end, course.missing) == (*piece, [])
    (client,) = lives(whole, piece)["client"]
    assert [(stay.state, stay.start[0], stay.end) for stay in client.stays] == [(State.FIN_WAIT_1, 1700 * MS, None)]
    assert lives(whole, Piece(66_000 * MS, 67_000 * MS)) == {"client": [], "server": []}
    (queue,) = queues(trace("syn-flood"), Piece(600 * MS, 1600 * MS))
    assert queue.half_open == [(600 * MS, 2)]
    assert [time / MS for time in queue.refused] == [1550]
    back = directions(whole, Piece(1700 * MS, 1800 * MS))[1]
    assert len(back.drops) == 1
    assert back.packets[0][0] == 1700 * MS


def test_a_crash_behind_a_piece_is_not_in_it() -> None:
    (first,) = lives(trace("half-open-crash"), Piece(0, 500 * MS))["client"]
    assert not first.crashed
    assert first.stays[-1].end is None


@pytest.mark.parametrize("which", VIEWS)
def test_pieces_are_readable_and_said_to_be_pieces(which: str) -> None:
    whole = trace("lossy-transfer")
    for piece in ((1700 * MS, 4710 * MS), (0, 0), (3000 * MS, 3000 * MS), (5100 * MS, 65_200 * MS)):
        chart = view(which, whole, pieces=[piece])
        assert_readable(chart)
        assert any(label.text.startswith("Only what happens from ") for label in chart.labels)
    both = view(which, whole, trace("lossy"), pieces=[(0, 1000 * MS), None])
    assert_readable(both)
    assert any(label.text == "Of each run only a piece is drawn." for label in both.labels)
    with pytest.raises(ValueError, match="2 pieces of 1 runs"):
        view(which, whole, pieces=[None, None])


def test_queues_of_listeners() -> None:
    (told,) = queues(trace("syn-flood"))
    assert (told.host, told.port, told.syn_backlog, told.backlog) == ("server", 80, 2, None)
    assert milliseconds(told.half_open) == [
        (0, 0), (50, 1), (60, 2), (3050, 1), (3060, 0), (3550, 1), (3650, 0),
    ]  # fmt: skip
    assert [time / MS for time in told.refused] == [550, 1550]
    (cookies,) = queues(trace("syn-flood-cookies"))
    assert len(cookies.cookies) == 3
    (accepting,) = queues(trace("accept-queue-overflow"))
    assert accepting.backlog == 1
    assert max(count for _, count in accepting.waiting) == 1


def test_packets_on_a_link() -> None:
    there, back = directions(trace("fast-retransmit-sack"))
    assert (there.source, there.target, there.most) == ("client", "server", 6)
    assert milliseconds(there.packets) == [(0, 1), (50, 0), (100, 6), (150, 0), (200, 1), (250, 0)]
    assert there.drops == [100 * MS]
    assert back.drops == []
    assert milliseconds(back.packets)[:2] == [(0, 0), (50, 1)]


# ---------------------------------------------------------------------- axes


def test_silence_is_folded_where_it_would_take_most_of_the_axis() -> None:
    assert folded([0, 50, 100, 150]) is None
    assert folded([0, 50, 100, 150, 60_000]) == 59_850
    assert folded([0, 50, 100, 60_000, 60_050, 120_000]) == 59_900
    assert folded([0, 1, 3, 7, 15, 31, 63]) is None  # a backoff is true to scale
    assert folded([0, 1, 100, 200, 300]) is None  # most of it is no exception
    assert folded([0, 70, 100]) is None  # one of two is no exception either
    assert folded([]) is None


def test_time_is_true_to_scale_but_for_folds_and_rooms() -> None:
    axis = TimeAxis([(time * MS, 0) for time in (0, 50, 100, 60_000)], 300)
    assert [axis.x(time * MS) for time in (0, 50, 100, 60_000)] == pytest.approx(axis.places)
    assert axis.places[2] - axis.places[1] == pytest.approx(axis.places[1])
    (fold,) = axis.folds
    assert (fold.text, fold.end) == ("59.9 s", axis.width)
    assert axis.silences == [(100 * MS, 60_000 * MS)]
    assert axis.width == pytest.approx(300)
    assert axis.x(25 * MS) == pytest.approx(axis.places[1] / 2)
    assert axis.x(-1) == 0
    assert axis.x(90_000 * MS) == axis.width
    wide = TimeAxis([(0, 1), (0, 2), (10, 3)], 100, [((0, 1), (0, 2), 40.0)])
    assert wide.places == pytest.approx([0, 40, 140])
    assert (wide.at((0, 1)), wide.at((0, 2)), wide.x(0)) == (0, 40, 0)
    assert wide.stretched == [(0, 40)]
    assert TimeAxis([], 100).width == 100


def test_numbers_along_an_edge_are_round_and_apart() -> None:
    axis = TimeAxis([(0, 0), (730 * MS, 0)], 400)
    assert [mark.text for mark in axis.marks()] == ["0", "200", "400", "600"]
    assert axis.unit == ("ms", MS)
    assert [round_step(least) for least in (0.3, 1, 1.1, 2.5, 7, 12)] == [1, 1, 2, 5, 10, 20]
    assert [mark.text for mark in ValueAxis(4100, 150).marks()] == ["0", "1 k", "2 k", "3 k", "4 k"]
    assert [mark.text for mark in ValueAxis(1, 150).marks()] == ["0", "1"]
    assert [mark.text for mark in ValueAxis(250 * MS, 90, unit=MS).marks()] == ["0", "100", "200"]
    assert [mark.text for mark in ValueAxis(1500, 90, unit=1000).marks()] == ["0", "0.5", "1", "1.5"]
    assert ValueAxis(9100, 100, low=4300).low == 4000
    assert in_unit(1_234_567, 1_000_000) == "1.2346"
    assert time_unit(5) == ("ns", 1)


def test_a_step_at_the_last_moment_is_seen() -> None:
    """The SYN,ACK that ends a simultaneous open sets cwnd at the last moment of the graph."""
    chart = view("congestion", trace("simultaneous-open"))
    (name,) = [label for label in chart.labels if label.text == "cwnd"]
    (curve,) = [each for each in chart.curves if each.ink.width == 1.7]
    assert curve.points[-1][0] - curve.points[0][0] == pytest.approx(9)
    assert abs(curve.points[-1][1] - name.box.y) < 1


# ---------------------------------------------------------------------- charts


def assert_readable(chart: Chart) -> None:
    """Nothing leaves the page, and no two labels overlap."""
    left, top, right, bottom = chart.bounds()
    assert min(left, top) >= 20
    assert right <= chart.width - 12
    assert bottom <= chart.height - 12
    for one, other in combinations(chart.labels, 2):
        assert not one.box.overlaps(other.box), (one.text, other.text)


@pytest.mark.parametrize("name", NAMES)
def test_no_labels_overlap_and_nothing_leaves_the_page(name: str) -> None:
    for which in VIEWS:
        assert_readable(view(which, trace(name)))


@pytest.mark.parametrize("name", ["nat-silent-drop", "simultaneous-close", "syn-flood", "half-open-crash", "lossy"])
def test_no_fold_breaks_a_name(name: str) -> None:
    chart = view("timeline", trace(name))
    breaks = [(area.points[0][0], area.points[1][0]) for area in chart.areas if area.over == 4.5]
    assert breaks
    for label in chart.labels:
        if label.role == "in bar":
            left, _, right, _ = label.box.bounds
            assert not any(left < end and start < right for start, end in breaks), label.text


@pytest.mark.parametrize("which", VIEWS)
def test_runs_that_are_compared_share_their_axes(which: str) -> None:
    seeds = [(f"seed {seed}", run(load("lossy-transfer"), seed=seed, explained=True).trace) for seed in (1, 2, 3)]
    chart = view(which, *seeds)
    assert_readable(chart)
    texts = [label.text for label in chart.labels]
    assert [text for text in texts if text.startswith("seed")] == ["seed 1", "seed 2", "seed 3"]
    assert_readable(view(which, *[(f"r{n}", trace) for n, (_, trace) in enumerate(seeds * 2)]))


@pytest.mark.parametrize("which", VIEWS)
def test_any_trace_can_be_drawn(which: str) -> None:
    for empty in (Trace(), Trace(Header("nothing", hosts=(HostHeader("a", ()),)))):
        assert_readable(view(which, empty))
    for made in (runs.handshake(), runs.mishaps(), runs.lost_syn_ack()):
        assert_readable(view(which, made))


def test_many_connections_are_cut_and_said_to_be() -> None:
    network = tcpsim.Network(seed=1)
    client, server = network.host("client"), network.host("server")
    network.link(client, server, delay="1ms")
    server.listen(80)
    for number in range(MAX_ROWS + 20):
        network.at(f"{number}ms", client.connect, server, 80)
    network.run(until="2s")
    assert network.trace is not None
    chart = view("timeline", network.trace)
    assert_readable(chart)
    texts = [label.text for label in chart.labels]
    assert "20 more connections of client are not drawn." in texts
    assert f"{MAX_ROWS + 19} more connections of server are not drawn." in texts


def test_names_stand_in_their_bars_or_in_the_samples() -> None:
    few = [label.text for label in view("timeline", trace("close-four-way")).labels]
    for state in ("LISTEN", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSE-WAIT", "LAST-ACK"):
        assert few.count(state) == 1
    many = [label.text for label in view("timeline", trace("port-exhaustion")).labels]
    assert "FIN-WAIT-2" in many
    assert any(text.startswith("A state that lasts no time") for text in many)


def test_lost_segments_are_crossed_and_those_sent_again_are_wider() -> None:
    chart = view("sequence", trace("fast-retransmit-sack"))
    tips = [curve.tip for curve in chart.curves]
    lost = "ACK 501..1000, lost: fault: drop 2nd data"
    assert tips.count(lost) == 3  # a stroke and a cross
    again = next(curve for curve in chart.curves if curve.tip.endswith("sent again"))
    first = next(curve for curve in chart.curves if curve.tip == lost)
    assert again.ink.width > first.ink.width
    assert again.ink.colour != first.ink.colour
    lines = [curve.points for curve in chart.curves if " 1001.." in curve.tip or " 1.." in curve.tip]
    xs = [start[0] for start, end in lines if start[0] == end[0]]
    assert xs == sorted(xs)
    assert len(set(xs)) == len(xs)  # what was sent at one instant stands side by side


def test_a_window_far_above_is_left_out_and_said_to_be() -> None:
    texts = [label.text for label in view("sequence", trace("handshake")).labels]
    assert "edge of the window" not in texts
    assert any("it is as high as 10001" in text for text in texts)
    assert "edge of the window" in [label.text for label in view("sequence", trace("zero-window")).labels]


def test_syn_and_fin_are_named() -> None:
    texts = [label.text for label in view("sequence", trace("lossy-transfer")).labels]
    assert "SYN" in texts
    assert "FIN" in texts
    assert any(stroke.ctl & SYN for stroke in sequence(trace("lossy-transfer"), "client", 1).strokes)


def test_the_direction_can_be_chosen() -> None:
    texts = [label.text for label in view("sequence", trace("tiny-http"), host="server", connection=1).labels]
    assert "time-sequence graph, server to browser" in texts
    assert "congestion control, server sending to browser" in [
        label.text for label in view("congestion", trace("tiny-http"), host="server", connection=1).labels
    ]


def test_a_caption_stands_below() -> None:
    below = Caption("Why?", "Because.", "RFC 9293 3.5")
    for which in VIEWS:
        chart = view(which, trace("handshake"), caption=below)
        assert_readable(chart)
        assert [label.text for label in chart.labels][-3:] == ["Why?", "Because.", "RFC 9293 3.5"]


@pytest.mark.parametrize(
    ("name", "count", "host", "said"),
    [
        ("pie", 1, None, "expected one of timeline, sequence, congestion, queues"),
        ("queues", 0, None, "from 1 to 6 runs, not 0"),
        ("queues", MAX_RUNS + 1, None, "from 1 to 6 runs, not 7"),
        ("sequence", 1, "nobody", "no host 'nobody': expected one of client, server"),
    ],
)
def test_what_can_not_be_drawn(name: str, count: int, host: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        view(name, *[trace("handshake")] * count, host=host)


# ---------------------------------------------------------------------- files

SCRIPT = """
import hashlib, sys
sys.path.insert(0, {root!r})
from tcpsim.draw.views import VIEWS, view
from tcpsim.scenario import load, run
for name, kinds in {{"lossy": ("svg", "pdf", "png"), "syn-flood": ("svg",)}}.items():
    trace = run(load(name), explained=True).trace
    for which in VIEWS:
        drawn = view(which, trace)
        for kind in kinds if which == "sequence" else kinds[:1]:
            print(name, which, kind, hashlib.sha256(drawn.bytes(kind)).hexdigest())
"""


def test_equal_traces_give_equal_bytes_whatever_the_hash_seed() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT.format(root=str(ROOT))],
            env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == 2 * len(VIEWS) + 2


@pytest.mark.parametrize("which", VIEWS)
def test_a_view_is_a_file_in_every_format_and_theme(which: str, tmp_path: Path) -> None:
    for suffix, magic in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        for theme in THEMES.values():
            path = draw_view(which, tmp_path / f"{theme.name}{suffix}", trace("lossy"), theme=theme)
            assert path.read_bytes().startswith(magic)
    with Image.open(io.BytesIO((tmp_path / "light.png").read_bytes())) as image:
        grey = image.convert("L")
    for margin in ((0, 0, grey.width, 12), (0, grey.height - 12, grey.width, grey.height), (0, 0, 12, grey.height)):
        assert grey.crop(margin).getextrema() == (255, 255)
    with pytest.raises(ValueError, match="expected one of"):
        draw_view(which, tmp_path / "x.gif", trace("lossy"))


@pytest.mark.parametrize("text", ["$x_1$", "a\nb\x1b[0m\x00\ud800", "<b>&\"'", "漢字 \u202e"])
@pytest.mark.parametrize("which", VIEWS)
def test_text_is_only_text(text: str, which: str) -> None:
    made = runs.Run(text, text, (text, text + "2"))
    made.over(0, text, "SYN", 0)
    made.move(0, text, "CLOSED", "SYN-SENT")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = view_svg(which, (text, made.trace()))
    ET.fromstring(svg)


def test_strokes_and_bars_tell_more_in_tooltips() -> None:
    title = "{http://www.w3.org/2000/svg}title"
    strokes = {each.text for each in ET.fromstring(view_svg("sequence", trace("fast-retransmit-sack"))).iter(title)}
    assert "ACK 501..1000, lost: fault: drop 2nd data" in strokes
    bars = {each.text for each in ET.fromstring(view_svg("timeline", trace("handshake"))).iter(title)}
    assert any(text and text.startswith("SYN-SENT: ") for text in bars)


def test_names_in_bars_can_be_read_in_every_theme() -> None:
    for theme in THEMES.values():
        for state in State:
            if state is not State.CLOSED:  # never a bar of a timeline
                ink, fill = theme.ink(TYPES["in bar"].ink), theme.ink(STATE_FILL[state])
                assert contrast(ink, fill) >= 4.5, (theme.name, state)
