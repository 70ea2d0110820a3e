"""Two captures of one connection: what is lost in between shows, whatever the two clocks say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpsim.capture import CaptureError
from tcpsim.capture.loading import load, load_both
from tcpsim.capture.merging import BETWEEN, End, merge
from tcpsim.capture.passages import ARRIVED, LOST, UNDER_WAY
from tcpsim.capture.reading import NoStream, Packet
from tcpsim.capture.viewpoint import viewpoint_of
from tcpsim.capture.writing import write_capture
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS, SECOND
from tcpsim.trace import Arrived, Lost, Sent

from .told import both_written, lost, notes, packets, path, ran, sent_again, written

C, S = 0, 1


def end(name: str, seen: list[Packet]) -> End:
    return End(name, seen, seen[0].time, seen[-1].time, viewpoint_of(seen))


RUNS = ["handshake", "lost-syn", "lost-syn-ack", "lost-final-ack", "lost-fin-ack", "lost-last-ack", "close-four-way",
        "lossy", "lossy-transfer", "fast-retransmit-sack", "lost-data-in-close-wait", "half-close",
        "duplicate-delivery", "zero-window", "lost-final-ack-server-speaks-first"]  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_everything_shows_that_was_lost_in_between(name: str, tmp_path: Path) -> None:
    truth = ran(name)
    told = load_both(*both_written(tmp_path, truth))
    assert lost(told) == lost(truth)
    assert sent_again(told) == sent_again(truth)
    assert all(record.by == BETWEEN for record in told.of_kind(Lost))
    if truth.hosts == ["client", "server"]:
        for host in truth.hosts:
            states = path(truth, host)
            assert path(told, host) in (states, states[:-1])  # the end of TIME-WAIT does not show


@pytest.mark.parametrize("name", RUNS)
def test_one_file_with_an_interface_at_each_end_is_as_good(name: str, tmp_path: Path) -> None:
    truth = ran(name)
    write_capture(truth, tmp_path / "all.pcapng")
    told = load(tmp_path / "all.pcapng")
    assert (lost(told), sent_again(told)) == (lost(truth), sent_again(truth))
    if truth.hosts == ["client", "server"]:
        assert [r.time for r in told.of_kind(Arrived)] == [r.time for r in truth.of_kind(Arrived)]


@pytest.mark.parametrize("ahead", [-3 * SECOND, 0, 20 * MS, 4000 * SECOND])
def test_the_clocks_are_compared_by_the_quickest_packets(ahead: int, tmp_path: Path) -> None:
    truth = ran("lossy-transfer")
    write_capture(truth, tmp_path / "c.pcap", "client", epoch=10_000 * SECOND)
    write_capture(truth, tmp_path / "s.pcap", "server", epoch=10_000 * SECOND + ahead)
    for order in ("cs", "sc"):
        told = load_both(tmp_path / f"{order[0]}.pcap", tmp_path / f"{order[1]}.pcap")
        assert [(r.time, r.host) for r in told.of_kind(Sent)] == [(r.time, r.host) for r in truth.of_kind(Sent)]
        assert lost(told) == lost(truth)
        assert notes(told)[0].startswith("merged: c.pcap at the client, s.pcap at the server; ")
        assert told.header.links[0].startswith("client - server: ")


def test_captures_without_a_connection_in_common(tmp_path: Path) -> None:
    one = written(tmp_path, ran("handshake"), "client").rename(tmp_path / "one.pcap")
    two = written(tmp_path, ran("chat"), "bob")
    with pytest.raises(NoStream, match="no TCP connection of it is in"):
        load_both(one, two)


def test_which_of_several_common_connections_is_said(tmp_path: Path) -> None:
    both = both_written(tmp_path, ran("address-in-use"))
    with pytest.raises(NoStream, match=r"2 of its TCP connections are in .*expected one of 0, 1"):
        load_both(*both)
    assert load_both(*both, 1).header.source == "client.pcap, stream 1 and server.pcap, stream 1"
    with pytest.raises(CaptureError, match="stream 5 is not in"):
        load_both(*both, 5)


def test_a_nat_between_the_captures_changes_addresses_and_no_numbers(tmp_path: Path) -> None:
    told = load_both(*both_written(tmp_path, ran("nat-silent-drop")))
    assert sum(lost(told).values()) == 4  # the fifth may have been on its way when the other capture ended
    assert told.header.title.startswith("10.0.0.1:49152 > 198.51.100.1:80")


# ---------------------------------------------------------------------- packet by packet

SYN, SYN_ACK = segment("SYN", seq=99), segment("SYN,ACK", seq=299, ack=100)
HANDSHAKE = segment("ACK", seq=100, ack=300)


def test_pieces_are_found_in_the_large_segment_that_they_are_of() -> None:
    large = segment("ACK", seq=100, ack=300, text=30)
    pieces = [segment("ACK", seq=100 + at, ack=300, text=10) for at in (0, 10, 20)]
    answer = segment("ACK", seq=300, ack=130)
    sender = packets((0, C, SYN), (100, S, SYN_ACK), (100, C, HANDSHAKE), (110, C, large), (300, S, answer))
    for kept, remark in ((pieces, ""), (pieces[:2], f"10 of its 30 octets were lost {BETWEEN}")):
        more = [(160 + n, C, piece) for n, piece in enumerate(kept)]
        receiver = packets((50, C, SYN), (50, S, SYN_ACK), (150, C, HANDSHAKE), *more, (250, S, answer))
        account, clocks = merge(end("a", sender), end("b", receiver))
        whole = next(each for each in account.passages if each.segment is large)
        assert (clocks.offset, clocks.way) == (0, 50 * MS)
        assert (whole.fate, whole.due, whole.remark) == (ARRIVED, (159 + len(kept)) * MS, remark)
        assert len(account.passages) == 5


def test_what_only_the_receiver_has_is_told() -> None:
    forged = segment("RST", seq=100)
    sender = packets((0, C, SYN), (100, S, SYN_ACK), (100, C, HANDSHAKE))
    receiver = packets((50, C, SYN), (50, S, SYN_ACK), (150, C, HANDSHAKE), (200, C, forged))
    account, _ = merge(end("a.pcap", sender), end("b.pcap", receiver))
    last = account.passages[-1]
    assert (last.segment, last.sent_at) == (forged, 150 * MS)
    assert last.remark == "not in a.pcap: it missed this, or somebody in between has sent it"


def test_before_and_after_the_other_capture_nothing_is_lost_for_certain() -> None:
    text = segment("ACK", seq=100, ack=300, text=10)
    sender = packets((0, C, SYN), (100, S, SYN_ACK), (100, C, HANDSHAKE), (500, C, text))
    late = packets((50, S, SYN_ACK), (150, C, HANDSHAKE))
    account, _ = merge(end("a", sender), end("b", late))
    assert [each.fate for each in account.passages] == [ARRIVED, ARRIVED, ARRIVED, UNDER_WAY]
    assert account.passages[0].remark == "not in b: it missed this, which was acknowledged"
    again = packets((0, C, SYN), (100, S, SYN_ACK), (100, C, HANDSHAKE), (500, C, text), (900, C, text))
    account, _ = merge(end("a", again), end("b", late))
    assert [each.fate for each in account.passages][3:] == [LOST, UNDER_WAY]
