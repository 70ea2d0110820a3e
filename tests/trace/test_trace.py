"""A trace while it is written and when it is read: rows, relative numbers, retransmissions, cost."""

from __future__ import annotations

import sys
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp.diagram import Event, State
from tcpsim.tcp.segment import segment
from tcpsim.tcp.seqnum import MASK
from tcpsim.tcp.units import MS
from tcpsim.trace import Arrived, Called, Ended, Header, HostHeader, Moved, Note, Sent, Trace
from tests.trace.story import TO_CLIENT, TO_SERVER, Story, data

if TYPE_CHECKING:
    from pathlib import Path

    from tcpsim.trace.records import Flow


@pytest.fixture
def story() -> Story:
    return Story()


def numbers(trace: Trace) -> list[tuple[int, int | None, int]]:
    """SEG.SEQ and SEG.ACK, relative, and the number of earlier sendings, of each sent segment."""
    return [(record.seq, record.ack, record.retransmission) for record in trace.of_kind(Sent)]


# ---------------------------------------------------------------------- rows and records


def test_append_takes_a_row_and_reading_makes_its_record() -> None:
    trace = Trace()
    trace.append((Called, 0, "client", 1, None, "connect(192.0.2.2:80)", ""))
    trace.append((Moved, 0, "client", 1, None, State.CLOSED, State.SYN_SENT, Event.ACTIVE_OPEN))
    assert len(trace) == 2
    assert list(trace) == [
        Called(0, 0, "client", 1, None, "connect(192.0.2.2:80)", ""),
        Moved(0, 1, "client", 1, None, State.CLOSED, State.SYN_SENT, Event.ACTIVE_OPEN),
    ]


def test_append_is_the_list_s_own_method() -> None:
    trace = Trace()
    assert isinstance(trace.append, type([].append))
    assert isinstance(Trace.of(Header(), []).append, type([].append))


def test_reading_while_the_run_goes_on_gives_the_same_records(story: Story) -> None:
    other = Story()
    for each in (story, other):
        packet = each.sends(0, "client", segment("SYN", seq=100))
        if each is other:
            assert len(each.trace.records) == 1
        each.arrives(50, packet)
        if each is other:
            assert len(each.trace.records) == 2
            assert each.trace.records[0] is each.trace.records[0]
        each.ends(50)
    assert story.trace.records == other.trace.records


def test_a_trace_of_records_takes_further_rows() -> None:
    trace = Trace.of(Header(title="a title"), [Note(0, 0, "client", None, None, "one")])
    trace.append((Note, 5, "client", None, None, "two"))
    assert [(record.serial, record.time) for record in trace] == [(0, 0), (1, 5)]
    assert len(trace) == 2


def test_of_kind_selects_by_class_and_host(story: Story) -> None:
    syn = story.sends(0, "client", segment("SYN", seq=100))
    story.arrives(50, syn)
    trace = story.ends(50)
    assert [record.time for record in trace.of_kind(Arrived)] == [50 * MS]
    assert trace.of_kind(Arrived, "client") == []
    assert trace.of_kind(Ended, "") == [Ended(50 * MS, 2, "", None, None, "idle")]


def test_hosts_are_those_of_the_header_or_in_order_of_appearance(story: Story) -> None:
    story.sends(0, "server", segment("SYN", seq=100))
    story.sends(0, "client", segment("SYN", seq=100))
    assert story.ends(1).hosts == ["server", "client"]
    named = Header(hosts=(HostHeader("client", ("192.0.2.1",)), HostHeader("server", ("192.0.2.2",))))
    assert Trace(named).hosts == ["client", "server"]


def test_the_last_time_is_that_of_the_last_record_whether_it_was_read_or_not(story: Story) -> None:
    assert story.trace.last_time == 0
    story.sends(20, "client", segment("SYN", seq=100))
    assert story.trace.last_time == 20 * MS
    assert len(story.trace.records) == 1
    assert story.trace.last_time == 20 * MS


# ---------------------------------------------------------------------- relative numbers


@pytest.mark.parametrize("iss", [0, 100, 2**31 - 3, 2**32 - 3])
def test_numbers_are_counted_from_the_iss_of_each_side(iss: int) -> None:
    story = Story()
    peer = (iss + 7) & MASK
    story.sends(0, "client", segment("SYN", seq=iss))
    story.sends(50, "server", segment("SYN,ACK", seq=peer, ack=iss + 1))
    story.sends(100, "client", segment("ACK", seq=iss + 1, ack=peer + 1, text=10))
    story.sends(150, "server", segment("FIN,ACK", seq=peer + 1, ack=iss + 11))
    assert numbers(story.ends(150)) == [(0, None, 0), (0, 1, 0), (1, 1, 0), (1, 11, 0)]


def test_numbers_go_on_past_two_and_four_gigabytes(story: Story) -> None:
    story.sends(0, "client", segment("SYN", seq=100))
    step = 1 << 30
    for piece in range(6):
        story.sends(piece + 1, "client", data(101 + piece * step, step))
        story.sends(piece + 1, "server", segment("ACK", seq=301, ack=101 + (piece + 1) * step))
    sent = numbers(story.ends(10))
    assert [seq for seq, _, _ in sent[1::2]] == [1 + piece * step for piece in range(6)]
    assert [ack for _, ack, _ in sent[2::2]] == [1 + (piece + 1) * step for piece in range(6)]
    assert {earlier for _, _, earlier in sent} == {0}


def test_a_number_from_before_the_iss_is_negative(story: Story) -> None:
    story.sends(0, "client", segment("SYN", seq=100))
    story.sends(10, "client", segment("SYN", seq=90), connection=None)
    story.sends(60, "server", segment("SYN,ACK", seq=300, ack=91))
    assert numbers(story.ends(60)) == [(0, None, 0), (-10, None, 0), (0, -9, 0)]


def test_an_injected_syn_stands_for_the_flow_only_until_a_connection_uses_it(story: Story) -> None:
    story.sends(0, "client", segment("SYN", seq=90), connection=None)
    story.sends(10, "client", segment("SYN", seq=90))
    story.sends(20, "client", segment("SYN", seq=90))
    assert numbers(story.ends(60)) == [(0, None, 0), (0, None, 0), (0, None, 1)]


def test_without_a_syn_the_numbers_are_those_of_the_wire(story: Story) -> None:
    story.sends(0, "client", segment("ACK", seq=4_000_000_000, ack=7), connection=None)
    story.sends(50, "server", segment("RST", seq=7), connection=None)
    assert numbers(story.ends(60)) == [(4_000_000_000, 7, 0), (7, None, 0)]


def test_a_new_incarnation_is_counted_from_its_own_iss(story: Story) -> None:
    story.sends(0, "client", segment("SYN", seq=100))
    story.sends(1, "client", data(101, 5))
    story.sends(500, "client", segment("SYN", seq=7000), connection=2)
    story.sends(501, "client", data(7001, 5), connection=2)
    assert numbers(story.ends(600)) == [(0, None, 0), (1, 301, 0), (0, None, 0), (1, 301, 0)]


def test_a_new_incarnation_with_the_same_iss_sends_no_retransmission(story: Story) -> None:
    story.sends(0, "client", segment("SYN", seq=100))
    story.sends(1, "client", data(101, 5))
    story.sends(500, "client", segment("SYN", seq=100), connection=2)
    story.sends(501, "client", data(101, 5), connection=2)
    assert [earlier for _, _, earlier in numbers(story.ends(600))] == [0, 0, 0, 0]


# ---------------------------------------------------------------------- retransmissions


def test_retransmissions_count_earlier_sendings_of_the_first_number(story: Story) -> None:
    for at in (0, 1000, 3000):
        story.sends(at, "client", segment("SYN", seq=100))
    story.sends(3100, "client", segment("ACK", seq=101, ack=301))  # no SEG.LEN, no retransmission
    story.sends(3100, "client", data(101, 500))
    story.sends(3100, "client", data(601, 500))
    story.sends(4100, "client", data(101, 500))
    story.sends(4100, "client", segment("ACK", seq=1101, ack=301))
    story.sends(4200, "client", segment("FIN,ACK", seq=1101, ack=301))
    story.sends(5200, "client", segment("FIN,ACK", seq=1101, ack=301))
    assert [earlier for _, _, earlier in numbers(story.ends(6000))] == [0, 1, 2, 0, 0, 0, 1, 0, 0, 1]


def test_the_first_syn_ack_of_a_simultaneous_open_repeats_a_syn_but_is_no_retransmission(story: Story) -> None:
    story.sends(0, "client", segment("SYN", seq=100))
    story.sends(70, "client", segment("SYN,ACK", seq=100, ack=301))
    story.sends(1070, "client", segment("SYN,ACK", seq=100, ack=301))
    assert [record.retransmission for record in story.trace.of_kind(Sent)] == [0, 0, 1]


def test_a_repackaged_segment_is_a_retransmission(story: Story) -> None:
    story.sends(0, "client", segment("SYN", seq=100))
    story.sends(1, "client", data(101, 1000))
    story.sends(2, "client", data(601, 100))
    story.sends(3, "client", data(601, 100))
    assert [earlier for _, _, earlier in numbers(story.ends(6))] == [0, 0, 1, 2]


def test_what_the_other_side_sends_is_no_retransmission(story: Story) -> None:
    story.sends(0, "client", segment("SYN", seq=100))
    story.sends(0, "server", segment("SYN", seq=100))
    assert [earlier for _, _, earlier in numbers(story.ends(6))] == [0, 0]


# ---------------------------------------------------------------------- cost


def a_connection(trace: Trace, number: int, flow: Flow, iss: int) -> None:
    """SYN, data, data again, FIN: the rows of one side."""
    for length, ctl in ((0, "SYN"), (100, "ACK"), (100, "ACK"), (0, "FIN,ACK")):
        what = segment(ctl, seq=iss + (ctl != "SYN"), text=length)
        trace.append((Sent, number, "client", number, None, 4 * number, flow, what, "server"))


def seconds_to_read(connections: int) -> float:
    trace = Trace()
    for number in range(1, connections + 1):
        flow = ("192.0.2.1", 49152 + number, "192.0.2.2", 80) if number % 2 else TO_SERVER
        a_connection(trace, number, flow, 1000 * number)
    start = time.process_time()
    assert len(trace.records) == 4 * connections
    return time.process_time() - start


def test_reading_takes_time_in_proportion_to_the_connections() -> None:
    few, many = min(seconds_to_read(500) for _ in range(3)), min(seconds_to_read(5000) for _ in range(3))
    assert many < 30 * few  # ten times as many; a scan per SYN would take a hundred times as long


def test_a_trace_holds_a_row_or_its_record() -> None:
    trace = Trace()
    for number in range(1, 2001):
        a_connection(trace, number, TO_CLIENT, 1000 * number)
    rows = trace._rows
    assert sys.getsizeof(rows[0]) <= 150
    tracemalloc.start()
    assert len(trace.records) == 8000
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows[0] == ()
    assert grown / 8000 < 200  # octets per record, beyond the row that it replaces


# ---------------------------------------------------------------------- files


def test_a_file_holds_what_to_jsonl_says(story: Story, tmp_path: Path) -> None:
    story.sends(0, "client", segment("SYN", seq=100))
    trace = story.ends(50)
    path = tmp_path / "a.jsonl"
    trace.write(path)
    assert path.read_bytes() == trace.to_jsonl().encode()
    assert Trace.read(path).records == trace.records
    assert Trace.read(str(path)).digest == trace.digest


def test_the_digest_tells_traces_apart(story: Story) -> None:
    empty = Trace()
    assert empty.digest == Trace().digest
    assert empty.digest != Trace(Header(seed=1)).digest
    before = story.trace.digest
    story.sends(0, "client", segment("SYN", seq=100))
    assert story.trace.digest != before


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        Trace.read(tmp_path / "nowhere.jsonl")


@given(st.integers(0, MASK), st.lists(st.integers(1 - 2**31, 2**31), max_size=5))
def test_relative_numbers_differ_as_the_wire_s_do(iss: int, offsets: list[int]) -> None:
    story = Story()
    story.sends(0, "client", segment("SYN", seq=iss))
    for offset in offsets:
        story.sends(1, "client", segment("RST", seq=iss + offset), connection=None)
    assert [seq for seq, _, _ in numbers(story.ends(1))] == [0, *offsets]
