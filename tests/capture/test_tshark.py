"""What tshark reads in our captures: nothing malformed, good checksums, times to the nanosecond, and its own labels.

tshark guesses from what passes at one place; the trace knows. Where the two differ, `DIFFERENCES` says why, and in
which runs of the library.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tcpsim.capture import read_frames
from tcpsim.capture.writing import write_capture
from tcpsim.tcp.rules import CATALOGUE
from tcpsim.tcp.segment import ACK, RST, SYN, SYN_ACK
from tcpsim.tcp.seqnum import MASK
from tcpsim.trace import Corrupted, Datagram, Lost, SegmentRecord, Sent
from tests.capture.analysed import FLAGS, Met, fields, traces, tshark, write_library

FAST = [
    CATALOGUE[name] for name in ("fast.retransmit", "fast.partial-ack", "sack.retransmit", "sack.lost", "sack.hole")
]
"""Why a segment goes again before its timer expires, because of what ACKs say."""
TSHARK = shutil.which("tshark") or ""
pytestmark = pytest.mark.skipif(not TSHARK, reason="tshark (Wireshark's) is not installed")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Met]]:
    """The library in one capture, and its frames."""
    path = tmp_path_factory.mktemp("library") / "library.pcap"
    return path, write_library(path)


def test_nothing_is_malformed_and_checksums_are_good(whole: tuple[Path, list[Met]]) -> None:
    path, frames = whole
    damaged = {str(number) for number, each in enumerate(frames, 1) if isinstance(each.record, Corrupted)}
    # The scenarios' octets mean nothing to the protocol that port 53 is known for.
    only = ("--disable-protocol", "dns")
    wrong = "tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0"
    bad = "_ws.malformed || _ws.short || _ws.expert.group == 0x07000000"
    assert tshark(TSHARK, path, *only, "-Y", bad, "-T", "fields", "-e", "frame.number") == []
    # An ICMP error quotes the beginning of a datagram, whose checksum tshark compares all the same.
    found = tshark(TSHARK, path, "-Y", f"({wrong}) && !icmp && !icmpv6", "-T", "fields", "-e", "frame.number")
    assert set(found) == damaged
    assert tshark(TSHARK, path, "-Y", "icmp.checksum.status == 0 || icmpv6.checksum.status == 0") == []
    assert len(tshark(TSHARK, path, "-Y", "icmp")) > 2


def test_times_and_numbers_are_those_of_the_trace(whole: tuple[Path, list[Met]]) -> None:
    path, frames = whole
    names = ("frame.time_epoch", "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.window_size_value", "ip.id", "ip.ttl")
    for each, row in zip(frames, fields(TSHARK, path, *names), strict=True):
        seconds, rest = row[0].split(".")
        assert int(seconds) * 10**9 + int(rest) == each.record.time
        assert len(rest) == 9
        record = each.record
        if not isinstance(record, SegmentRecord) or isinstance(record.segment, Datagram):
            continue
        segment = record.segment
        assert row[1:5] == [str(segment.seq), str(segment.ack), str(segment.length), str(segment.wnd)]
        if ":" not in record.flow[0]:
            assert row[5:] == [f"0x{record.packet:04x}", "64"]


# ------------------------------------------------------------------ labels


@dataclass
class Stream:
    """What has passed at a host in one direction so far, so that we may say what we call the next packet."""

    ends: int | None = None
    latest: int = 0
    acked: tuple[int, int] | None = None
    connections: set[int | None] = field(default_factory=set)
    injected: bool = False
    syn: int | None = None


@dataclass
class Case:
    """A frame about which tshark and we may differ: what either calls it, and what passed before it."""

    each: Met
    record: SegmentRecord
    ours: set[str]
    flags: set[str]
    before: Stream

    @property
    def sent(self) -> bool:
        return isinstance(self.record, Sent)

    @property
    def theirs(self) -> set[str]:
        # Why it goes again, only its sender knows.
        known = {"fast_retransmission"} if self.sent else set()
        return self.flags & (known | {"retransmission", "out_of_order", "duplicate_ack"})

    @property
    def why(self) -> str:
        rule = self.record.why or self.record.segment.why
        return "" if rule is None else rule.id


def ours(record: SegmentRecord, each: Met, before: Stream) -> set[str]:
    """Return what the trace says of a packet, in tshark's words."""
    segment = record.segment
    labels = set()
    flight = each.flight
    again = record.retransmission if isinstance(record, Sent) else flight and (flight.retransmission or flight.copy)
    if again and segment.seg_len:
        labels.add("retransmission")
        if isinstance(record, Sent) and record.why in FAST:
            labels.add("fast_retransmission")
    elif segment.seg_len and record.packet < before.latest and not segment.ctl & SYN:
        labels.add("out_of_order")
    bare = segment.ctl & ACK and not segment.seg_len and not segment.ctl & RST
    if bare and before.acked == (segment.ack, segment.wnd):
        labels.add("duplicate_ack")
    return labels


def passes(record: SegmentRecord, each: Met, stream: Stream, reverse: Stream) -> None:
    """Take note of a packet."""
    segment = record.segment
    flight = each.flight
    if segment.ctl & SYN and segment.seq != stream.syn:
        stream.syn, stream.acked, reverse.acked = segment.seq, None, None
    if segment.seg_len:
        end = segment.seq + segment.seg_len & MASK
        if stream.ends is None or end - stream.ends & MASK < 1 << 31 or segment.ctl & SYN:
            stream.ends = end
        stream.latest = max(stream.latest, record.packet)
    if segment.ctl & ACK:
        stream.acked = (segment.ack, segment.wnd)
    by = flight.connection if flight is not None else record.connection
    stream.connections.add(by)
    stream.injected = stream.injected or (by is None and bool(segment.seg_len))


def cases(frames: list[Met], flags: list[set[str]]) -> list[Case]:
    """Return every frame with TCP, with both labels."""
    streams: dict[tuple[object, ...], Stream] = defaultdict(Stream)
    found = []
    for each, said in zip(frames, flags, strict=True):
        record = each.record
        if not isinstance(record, SegmentRecord) or isinstance(record.segment, Datagram):
            continue
        stream = streams[each.scenario, each.host, record.flow]
        copied = Stream(**{**vars(stream), "connections": set(stream.connections)})
        found.append(Case(each, record, ours(record, each, stream), said, copied))
        passes(record, each, stream, streams[each.scenario, each.host, (*record.flow[2:], *record.flow[:2])])
    return found


def by_whom(case: Case) -> int | None:
    return case.each.flight.connection if case.each.flight is not None else case.record.connection


def another_incarnation(case: Case) -> bool:
    return bool(case.before.connections - {by_whom(case)})


def nothing_of_it_passed(case: Case) -> bool:
    ends = case.before.ends
    return ends is None or case.record.segment.seq - ends & MASK < 1 << 31


Differs = Callable[[Case], bool]

DIFFERENCES: dict[str, tuple[Differs, list[str]]] = {
    "tshark has names of their own for keep-alive probes and their answers": (
        lambda case: bool(case.flags & {"keep_alive", "keep_alive_ack"}),
        ["keepalive-dead-peer"],
    ),
    "tshark has a name of its own for a probe of a zero window, and sees no duplicate in the answer": (
        lambda case: case.why in ("persist.probe", "first.zero-window"),
        ["zero-window"],
    ),
    "all earlier sendings were lost on the way here: who sees only this place sees the first": (
        lambda case: not case.sent and case.ours == {"retransmission"} and nothing_of_it_passed(case),
        ["isn-wrap", "lost-syn", "lost-data-in-close-wait", "lost-fin", "lossy", "pmtu-black-hole", "rto-backoff-karn"],
    ),
    "SYNs have crossed: the SYN goes again beside the first ACK, and we count that as an answer": (
        lambda case: case.record.segment.ctl & SYN_ACK == SYN_ACK and case.before.connections == {by_whom(case)},
        ["refused-in-crossing", "self-connect", "simultaneous-open"],
    ),
    "somebody forged a segment with these ports before: to tshark its numbers have been sent": (
        lambda case: not case.sent and None in case.before.connections,
        ["syn-with-data", "blind-data", "blind-rst", "blind-syn", "challenge-limit"],
    ),
    "another incarnation of the connection has the same ISS: tshark takes both for one": (
        another_incarnation,
        ["tfo-replay", "half-open-crash", "quiet-time", "port-exhaustion", "time-wait-keeps-old-data-out",
         "time-wait-reuse-paws"],
    ),
    "after the wrap the first ACK is of number 0, which tshark takes for that of the SYN once more": (
        lambda case: case.record.segment.ack == 0 and case.theirs == {"duplicate_ack"},
        ["isn-wrap"],
    ),
    "overtaken by more than tshark believes: it takes what comes late for what comes again": (
        lambda case: case.ours == {"out_of_order"} and case.theirs == {"retransmission"},
        ["fin-before-data"],
    ),
    "a further hole of the same window is filled on a partial ACK: tshark asks for two duplicate ACKs just before": (
        lambda case: case.sent and case.ours - case.theirs == {"fast_retransmission"},
        ["lossy-transfer"],
    ),
    "a hole that is filled right after another segment came: tshark takes what comes again for what comes late": (
        lambda case: case.ours == {"retransmission"} and case.theirs == {"out_of_order"},
        ["lossy-transfer", "pmtu-black-hole"],
    ),
}  # fmt: skip
"""Why tshark's labels are not ours: in which case, and in which runs."""


def test_retransmissions_duplicate_acks_and_reordering_are_labelled_alike(whole: tuple[Path, list[Met]]) -> None:
    path, frames = whole
    rows = fields(TSHARK, path, *(f"tcp.analysis.{flag}" for flag in FLAGS))
    flags = [{flag for flag, value in zip(FLAGS, row, strict=True) if value} for row in rows]
    explained: dict[str, list[str]] = {why: [] for why in DIFFERENCES}
    alike = 0
    for case in cases(frames, flags):
        if case.theirs == case.ours:
            alike += bool(case.ours)
            continue
        why = next((why for why, (differs, _) in DIFFERENCES.items() if differs(case)), None)
        told = f"{case.each.scenario} at {case.each.host}, frame {case.each.number}, {case.record.segment!r}"
        assert why is not None, f"{told}: tshark says {sorted(case.flags)}, and we {sorted(case.ours)}"
        if case.each.scenario not in explained[why]:
            explained[why].append(case.each.scenario)
    assert alike > 150
    assert explained == {why: runs for why, (_, runs) in DIFFERENCES.items()}


# ------------------------------------------------------------------ vantage points


def test_an_interface_for_each_vantage_point_with_notes(tmp_path: Path) -> None:
    path = tmp_path / "lossy.pcapng"
    frames = write_capture(traces()["lossy"], path)
    rows = fields(TSHARK, path, "frame.interface_name", "frame.comment", "ip.src", "eth.src")
    assert len(rows) == frames
    assert {row[0] for row in rows} == {"client", "server", "client-server"}
    lost = [row for row in rows if "lost: " in row[1]]
    assert len(lost) == len(traces()["lossy"].of_kind(Lost)) > 1
    assert {row[0] for row in lost} == {"client-server"}
    assert rows[0][1].startswith("client: CLOSED -> SYN-SENT,An active OPEN selects an initial send sequence number")
    assert fields(TSHARK, path, "frame.number", where="_ws.malformed") == []


def test_ethernet_with_made_up_addresses(tmp_path: Path) -> None:
    path = tmp_path / "chat.pcap"
    write_capture(traces()["handshake"], path, "server", link=1)
    assert fields(TSHARK, path, "eth.src", "eth.dst", "ip.src")[:2] == [
        ["02:00:00:00:00:01", "02:00:00:00:00:02", "192.0.2.1"],
        ["02:00:00:00:00:02", "02:00:00:00:00:01", "192.0.2.2"],
    ]
    assert fields(TSHARK, path, "eth.src.lg")[0] == ["1"]


@pytest.mark.parametrize("program", ["capinfos", "tcpdump", "editcap"])
def test_others_read_them_too_and_we_read_theirs(program: str, tmp_path: Path) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    trace = traces()["lossy-transfer"]
    path, made = tmp_path / "x.pcapng", tmp_path / "made"
    frames = write_capture(trace, path, "client")
    if program == "capinfos":
        said = subprocess.run([found, "-c", "-M", path], capture_output=True, text=True, check=True).stdout
        assert f"Number of packets = {frames}" in said.replace(":  ", " =")
        return
    ours = list(read_frames(path))
    if program == "tcpdump":
        subprocess.run([found, "--nano", "-r", path, "-w", made], capture_output=True, check=True)
    else:
        subprocess.run([found, "-F", "nsecpcap", path, made], capture_output=True, check=True)
    theirs = list(read_frames(made))
    assert [(each.time, each.octets) for each in theirs] == [(each.time, each.octets) for each in ours]
