"""What real captures showed and synthetic ones had not: each is made here segment by segment, as Linux sent it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpsim.capture import NoStream, check, load, load_both, streams
from tcpsim.capture.verdict import Verdict
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS
from tcpsim.trace import Arrived, Held, Lost, Sent, Trace
from tcpsim.wire import ICMP, Datagram, Icmp, Tcp, encode, icmp_error
from tests.capture.by_hand import MICRO, interface, pcap, record, section, simple
from tests.capture.observed import Observed
from tests.capture.seen import CLIENT, OPENS, Seen
from tests.capture.told import notes, path


def only(kept: Path) -> Verdict:
    (verdict,) = check(kept).verdicts
    return verdict


def lost(told: Trace) -> list[tuple[str, int, str]]:
    return [(record.host, record.seq, record.by) for record in told.of_kind(Lost)]


# ---------------------------------------------------------------------- keep-alives and probes


def test_linux_keeps_alive_without_an_octet(tmp_path: Path) -> None:
    seen = Seen().handshake().client(50, "PSH,ACK", 100, 300, 10).server(90, "ACK", 300, 110)
    seen.client(2_000, "ACK", 109, 300).server(2_040, "ACK", 300, 110)
    seen.client(4_000, "ACK", 109, 300).server(4_040, "ACK", 300, 110)
    kept = seen.kept(tmp_path)
    assert (only(kept).ends[0].probes, only(kept).ends[0].retransmitted) == (2, 0)
    assert notes(load(kept))[1:] == ["a keep-alive segment"] * 2


def test_linux_probes_a_closed_window_without_an_octet(tmp_path: Path) -> None:
    seen = Seen().handshake().client(50, "PSH,ACK", 100, 300, 10).server(90, "ACK", 300, 110, wnd=0)
    seen.client(300, "ACK", 109, 300).server(340, "ACK", 300, 110, wnd=0)
    kept = seen.kept(tmp_path)
    assert only(kept).ends[0].probes == 1
    assert notes(load(kept))[1:] == ["a probe of the closed window"]


def test_an_old_acknowledgment_behind_a_fin_is_no_probe(tmp_path: Path) -> None:
    seen = Seen().handshake().client(50, "FIN,ACK", 100, 300).server(90, "ACK", 300, 101).client(95, "ACK", 100, 300)
    kept = seen.kept(tmp_path)
    assert only(kept).ends[0].probes == 0
    assert notes(load(kept))[1:] == []


# ---------------------------------------------------------------------- SYNs, copies, ECN, resets


def test_how_often_a_syn_was_sent_is_told() -> None:
    verdict = Observed().client("SYN").client("SYN").server("SYN,ACK", 0, 1).server("SYN,ACK", 0, 1).concluded()
    assert [(end.syns, end.retransmitted) for end in verdict.ends] == [(2, 1), (2, 1)]


def test_what_the_network_copies_is_no_retransmission(tmp_path: Path) -> None:
    seen = Seen().handshake().client(50, "PSH,ACK", 100, 300, 10).again(51).server(90, "ACK", 300, 110)
    end = only(seen.kept(tmp_path)).ends[0]
    assert (end.copies, end.retransmitted, end.segments) == (1, 0, 4)
    late = Seen().handshake().client(50, "PSH,ACK", 100, 300, 10).client(51, "PSH,ACK", 100, 300, 10)
    end = only(late.kept(tmp_path)).ends[0]
    assert (end.copies, end.retransmitted) == (0, 1)  # another identification: it was sent again


def test_a_copied_syn_is_sent_once(tmp_path: Path) -> None:
    seen = Seen().client(0, "SYN", 99).again(1).server(40, "SYN,ACK", 299, 100).client(40, "ACK", 100, 300)
    end = only(seen.kept(tmp_path)).ends[0]
    assert (end.syns, end.copies, end.retransmitted) == (1, 1, 0)


@pytest.mark.parametrize(
    ("asks", "answer", "agreed"),
    [
        (["SYN,ECE,CWR"], "SYN,ACK,ECE", True),
        (["SYN,ECE,CWR"], "SYN,ACK", False),
        (["SYN"], "SYN,ACK,ECE", False),
        (["SYN,ECE,CWR"], "SYN,ACK,ECE,CWR", False),  # RFC 3168 6.1.1: a host that only sends back what came
        (["SYN,ECE,CWR", "SYN"], "SYN,ACK,ECE", False),  # it has fallen back
    ],
)
def test_ecn_is_agreed_on_by_a_syn_with_both_bits_and_an_answer_with_one(
    asks: list[str], answer: str, agreed: bool
) -> None:
    seen = Observed()
    for ask in asks:
        seen.client(ask, options=OPENS)
    verdict = seen.server(answer, 0, 1, options=OPENS).client("ACK", 1, 1).concluded()
    assert ("ECN" in verdict.options) is agreed


def test_a_reset_after_its_own_fin(tmp_path: Path) -> None:
    seen = Seen().handshake().client(50, "FIN,ACK", 100, 300).server(90, "PSH,ACK", 300, 101, 10).client(91, "RST", 101)
    kept = seen.kept(tmp_path)
    assert only(kept).closed == "reset by client after its own FIN"
    assert streams(kept)[0].ended == "reset by client after its own FIN"


def test_a_refusal_measures_the_round_trip(tmp_path: Path) -> None:
    told = load(Seen().client(0, "SYN", 99).server(40, "RST,ACK", 0, 100).kept(tmp_path))
    assert notes(told)[0] == (
        "captured at an unknown place: all times are inferred, by acknowledgments (the server answers after 40 ms)"
    )
    assert [record.time for record in told.of_kind(Arrived)] == [20 * MS, 40 * MS]


def test_a_reset_of_an_open_connection_measures_nothing(tmp_path: Path) -> None:
    seen = Seen().handshake().client(50, "PSH,ACK", 100, 300, 10).server(51, "RST,ACK", 300, 110)
    assert "the server answers after 40 ms" in notes(load(seen.kept(tmp_path)))[0]


def test_a_syn_that_nobody_answers_is_not_told_to_arrive(tmp_path: Path) -> None:
    told = load(Seen().client(0, "SYN", 99).client(1_000, "SYN", 99).client(3_000, "SYN", 99).kept(tmp_path))
    assert lost(told) == [("client", 0, "behind the capture")] * 2
    assert told.of_kind(Arrived) == []
    assert path(told, "client") == ["SYN-SENT"]


# ---------------------------------------------------------------------- ICMP errors


def test_an_icmp_error_tells_what_it_has_stopped(tmp_path: Path) -> None:
    kept = Seen().client(0, "SYN", 99).error(5, "host unreachable").kept(tmp_path)
    verdict = only(kept)
    assert [(each.frame, each.side, each.error, each.seq, each.mtu) for each in verdict.errors] == [
        (2, 0, "host unreachable", 99, 0)
    ]
    assert verdict.as_json()["icmp"] == [
        {"frame": 2, "to": "client", "error": "host unreachable", "seq": 99, "mtu": None}
    ]
    told = load(kept)
    assert lost(told) == [("client", 0, "ICMP host unreachable")]
    assert notes(told)[-1] == "arrived: <ICMP host unreachable SEQ=99>"


def test_an_icmp_error_about_the_size(tmp_path: Path) -> None:
    seen = Seen().handshake().client(50, "PSH,ACK", 100, 300, 1_400).error(60, "fragmentation needed", mtu=1_400)
    seen.client(61, "ACK", 100, 300, 1_000).client(61, "PSH,ACK", 1_100, 300, 400).server(110, "ACK", 300, 1_500)
    told = load(seen.kept(tmp_path))
    assert "arrived: <ICMP fragmentation needed SEQ=100 MTU=1400>" in notes(told)
    assert [seq for _, seq, _ in lost(told)] == [1]


def test_an_error_about_what_arrived_all_the_same_is_believed_by_nobody(tmp_path: Path) -> None:
    seen = Seen().handshake().client(50, "PSH,ACK", 100, 300, 10).error(60, "host unreachable")
    told = load(seen.server(90, "ACK", 300, 110).kept(tmp_path))
    assert lost(told) == []
    assert notes(told)[-1] == "arrived: <ICMP host unreachable SEQ=100>"


def test_errors_that_belong_to_no_connection_or_say_nothing(tmp_path: Path) -> None:
    seen = Seen().client(0, "SYN", 99)
    quote = seen.frames[0][1]
    other = encode(Datagram("192.0.2.1", "192.0.2.2", Tcp(40_001, 80, segment("SYN", 99))))
    for at, message in enumerate(
        [icmp_error(4, "host unreachable", other), icmp_error(4, "host unreachable", quote[:24]), Icmp(8, 0, 0, b"")]
    ):
        seen.frames.append((at + 1, encode(Datagram("198.51.100.1", "192.0.2.1", message))))
    assert seen.frames[1][1][9] == ICMP
    kept = seen.kept(tmp_path)
    assert only(kept).errors == ()
    assert check(kept).survey.others == 3


def test_a_cut_error_still_tells_whom_it_is_about(tmp_path: Path) -> None:
    kept = Seen().client(0, "SYN", 99).error(5, "host unreachable").kept(tmp_path, cut=60)
    assert [error.seq for error in only(kept).errors] == [99]


def test_no_more_errors_are_kept_than_are_told(tmp_path: Path) -> None:
    seen = Seen().client(0, "SYN", 99)
    for at in range(30):
        seen.error(5 + at, "host unreachable", about=0)
    assert len(only(seen.kept(tmp_path)).errors) == 20


def test_an_error_in_two_captures_is_told_as_it_came_to_whom_it_was_for(tmp_path: Path) -> None:
    near = Seen().handshake().client(50, "PSH,ACK", 100, 300, 10).error(80, "host unreachable")
    far = Seen().client(20, "SYN", 99).server(20, "SYN,ACK", 299, 100).client(60, "ACK", 100, 300)
    told = load_both(near.kept(tmp_path, "near.pcap"), far.kept(tmp_path, "far.pcap"))
    (error,) = [note for note in notes(told) if "ICMP" in note]
    assert error == "arrived: <ICMP host unreachable SEQ=100>"
    # Only the far capture has it: it takes the way to the client.
    near.frames.pop()
    far.frames.append((80, encode(Datagram("198.51.100.1", "192.0.2.1",
                                           icmp_error(4, "host unreachable", near.frames[-1][1])))))  # fmt: skip
    told = load_both(near.kept(tmp_path, "near.pcap"), far.kept(tmp_path, "far.pcap"))
    (at,) = [record.time for record in told if getattr(record, "text", "") == error]
    assert at == 100 * MS


# ---------------------------------------------------------------------- a connection to itself


def itself() -> Seen:
    """One socket connects to itself, says two octets, and closes: every segment is its own and its peer's."""
    seen = Seen()
    for at, ctl, seq, ack, text in (
        (0, "SYN", 99, 0, 0), (1, "SYN,ACK", 99, 100, 0), (2, "ACK", 100, 100, 0), (3, "PSH,ACK", 100, 100, 2),
        (4, "ACK", 102, 102, 0), (5, "FIN,ACK", 102, 102, 0), (6, "ACK", 103, 103, 0),
    ):  # fmt: skip
        seen.send(at, CLIENT, CLIENT, ctl, seq, ack, text)
    return seen


def test_a_connection_to_itself_is_told_as_one_host(tmp_path: Path) -> None:
    kept = itself().kept(tmp_path)
    told = load(kept)
    assert told.hosts == ["client"]
    assert path(told, "client") == [
        "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "CLOSING", "TIME-WAIT",
    ]  # fmt: skip
    assert notes(told) == ["a connection to itself: both ends are one socket"]
    assert [(record.to, record.retransmission) for record in told.of_kind(Sent)] == [("client", 0)] * 7
    (stream,) = streams(kept)
    assert (stream.opened, stream.ended) == ("to itself", "closed by itself")


def test_a_connection_to_itself_is_counted_and_not_judged(tmp_path: Path) -> None:
    verdict = only(itself().kept(tmp_path))
    assert (verdict.frames, verdict.opened, verdict.closed) == (7, "to itself", "closed by itself")
    assert (verdict.ends[0].segments, verdict.ends[0].octets, verdict.ends[1].segments) == (7, 2, 0)
    assert [each.reason.id for each in verdict.judgements] == ["capture.itself"]


def test_a_connection_to_itself_has_no_other_end(tmp_path: Path) -> None:
    one, other = itself().kept(tmp_path, "one.pcap"), itself().kept(tmp_path, "other.pcap")
    with pytest.raises(ValueError, match="a connection to itself has one end; expected a connection of two"):
        load_both(one, other)


def test_a_connection_to_itself_that_does_not_end(tmp_path: Path) -> None:
    seen = itself()
    del seen.frames[5:]
    assert streams(seen.kept(tmp_path))[0].ended == "open when the capture ends"
    del seen.frames[1:]
    assert streams(seen.kept(tmp_path))[0].opened == "to itself, not finished"


# ---------------------------------------------------------------------- one after the other on the same sockets


def test_three_connections_of_the_same_two_sockets_are_judged_each_for_itself(tmp_path: Path) -> None:
    seen = Seen()
    for at, c, s in ((0, 1_000, 5_000), (200, 900_000, 2_000_000), (400, 70, 3_000_000_000)):
        seen.client(at, "SYN", c).server(at, "SYN,ACK", s, c + 1).client(at, "ACK", c + 1, s + 1)
        seen.client(at + 1, "PSH,ACK", c + 1, s + 1, 5)
        if at == 200:
            seen.client(at + 2, "RST,ACK", c + 6, s + 1)
            continue
        seen.server(at + 2, "FIN,ACK", s + 1, c + 6).client(at + 3, "FIN,ACK", c + 6, s + 2)
        seen.server(at + 4, "ACK", s + 2, c + 7)
    report = check(seen.kept(tmp_path))
    assert report.explained
    assert [(verdict.opened, verdict.closed, verdict.time_wait) for verdict in report.verdicts] == [
        ("three-way handshake", "three segments, server first", "server"),
        ("three-way handshake", "reset by client", ""),
        ("three-way handshake", "three segments, server first", "server"),
    ]


# ---------------------------------------------------------------------- frames without a time


def test_frames_without_a_time_are_counted_and_that_is_said(tmp_path: Path) -> None:
    kept = tmp_path / "simple.pcapng"
    octets = [frame for _, frame in Seen().handshake().frames]
    kept.write_bytes(section() + interface() + b"".join(simple("<", each) for each in octets))
    assert check(kept).survey.untimed == 3
    assert "3 frames of the file have no time: each is told at the time of the frame before it" in notes(load(kept))
    kept.write_bytes(section() + interface() + simple("<", octets[0]))
    assert "1 frame of the file has no time: each is told at the time of the frame before it" in notes(load(kept))
    kept.write_bytes(pcap("<", MICRO, record("<", 1, 0, octets[0])))
    assert check(kept).survey.untimed == 0


def test_what_python_programs_need_is_named_by_the_package(tmp_path: Path) -> None:
    with pytest.raises(NoStream):
        check(Seen().handshake().kept(tmp_path), stream=3)


# ---------------------------------------------------------------------- what was sent twice


def test_what_comes_behind_its_own_retransmission_was_not_lost(tmp_path: Path) -> None:
    seen = Seen().handshake(around=40).client(50, "PSH,ACK", 100, 300, 10)
    late = Seen().handshake(around=40).client(50, "PSH,ACK", 100, 300, 10).server(90, "ACK", 300, 110, 1_000)
    seen.server(89, "ACK", 300, 110, 1_000).frames.pop()  # sent first, and still on its way
    seen.server(90, "ACK", 1_300, 110, 1_000).client(90, "ACK", 110, 300)
    seen.server(130, "ACK", 300, 110, 1_000).client(130, "ACK", 110, 2_300)
    seen.frames.append((131, late.frames[-1][1]))
    seen.client(131, "ACK", 110, 2_300)
    told = load(seen.kept(tmp_path))
    assert lost(told) == []
    assert [(record.host, record.seq, record.by) for record in told.of_kind(Held)] == [("server", 1, "overtaken")]
    assert [(record.seq, record.retransmission) for record in told.of_kind(Sent, "server")][1:] == [
        (1, 0), (1_001, 0), (1, 1),
    ]  # fmt: skip


def test_a_syn_sent_twice_is_no_measure_of_what_is_too_soon(tmp_path: Path) -> None:
    seen = Seen().client(0, "SYN", 99).client(1_000, "SYN", 99).server(1_048, "SYN,ACK", 299, 100)
    seen.client(1_048, "ACK", 100, 300).client(1_049, "PSH,ACK", 100, 300, 10)
    told = load(seen.server(1_116, "ACK", 300, 110).kept(tmp_path))  # a busy host answers later than it can
    assert lost(told) == [("client", 0, "behind the capture")]
    assert "by acknowledgments" in notes(told)[0]
