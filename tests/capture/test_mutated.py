"""Captures that are damaged anyhow: frames or a CaptureError, never anything else, in bounded time and memory.

The same target is given to atheris by `make fuzz`.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tcpsim.capture import CaptureError, Tally, check, decode_frame, load, load_both, read_frames
from tcpsim.capture.pcapng import LONGEST_BLOCK
from tcpsim.capture.window import PIECE
from tcpsim.capture.writing import capture_pieces
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment
from tcpsim.trace import Trace
from tcpsim.trace.jsonl import read
from tcpsim.wire import Datagram, Tcp, encode, icmp_error
from tests.capture.analysed import traces
from tests.capture.by_hand import (
    MICRO,
    NANO,
    SYN,
    SYN_V6,
    block,
    enhanced,
    interface,
    obsolete,
    option,
    pcap,
    record,
    section,
    simple,
)

OPTIONS = option("<", 9, b"\x09") + option("<", 2, b"eth0") + bytes(4)
CAPTURES = [
    pcap("<", MICRO, record("<", 1, 2, SYN), record("<", 2, 3, SYN_V6), record("<", 3, 4, b"abc", 99)),
    pcap(">", NANO, record(">", 1, 2, bytes(12) + b"\x08\x00" + SYN), link=1),
    section() + interface(options=OPTIONS) + enhanced("<", 9, SYN, options=option("<", 1, b"hm")) + simple("<", SYN_V6)
    + obsolete("<", 7, SYN) + block("<", 5, b"12345678") + section(">") + interface(">", 113) + enhanced(">", 1, SYN),
    b"".join(list(capture_pieces(traces()["lost-syn"], "pcapng"))),
    b"".join(list(capture_pieces(traces()["lost-syn"], "pcap"))),
]  # fmt: skip


def looked_at(octets: bytes) -> int:
    """Read a capture to its end or to the mistake; return how many frames that gave."""
    number = 0
    wrong: CaptureError | None = None
    try:
        reader = read_frames(io.BytesIO(octets), "damaged")
        tally = Tally()
        for frame in reader:
            number += 1
            assert len(frame.octets) <= frame.original
            decode_frame(frame, tally)
            assert len(reader._window.held) <= PIECE + LONGEST_BLOCK
        assert tally.datagrams + sum(tally.passed.values()) == number
        assert reader.cut is None or 0 <= reader.cut.offset < len(octets)
    except CaptureError as error:
        wrong = error
    assert wrong is None or (wrong.expected and 0 <= wrong.offset <= len(octets))
    return number


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    octets = bytearray(draw(st.sampled_from(CAPTURES)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(octets) - 1, 0)))
        how = draw(st.sampled_from(["flip", "cut", "insert", "remove", "number"]))
        if how == "flip" and octets:
            octets[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del octets[at:]
        elif how == "insert":
            octets[at:at] = draw(st.binary(max_size=9))
        elif how == "remove":
            del octets[at : at + draw(st.integers(1, 9))]
        elif how == "number":
            at -= at % 4
            octets[at : at + 4] = draw(
                st.sampled_from([b"\xff" * 4, bytes(4), b"\0\0\0\x80", b"\xff\xff\xff\x7f", b"\x0c\0\0\0"])
            )
    return bytes(octets)


@given(damaged())
def test_a_damaged_capture(octets: bytes) -> None:
    looked_at(octets)


@given(st.sampled_from([octets[:28] for octets in CAPTURES]), st.binary(max_size=300))
def test_anything_behind_a_header(header: bytes, octets: bytes) -> None:
    looked_at(header + octets)


def test_undamaged_they_are_whole() -> None:
    assert [looked_at(octets) for octets in CAPTURES][:3] == [3, 1, 4]


# ---------------------------------------------------------------------- the connections in them


@contextmanager
def written(octets: bytes) -> Iterator[Path]:
    """Give octets a file, whose path this is."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(octets)
        file.flush()
        yield Path(file.name)


def made_of(path: Path) -> int:
    """Check a capture, and make a trace of each connection; return how many there were."""
    try:
        verdicts = check(path).verdicts
    except CaptureError:
        return 0
    for verdict in verdicts:
        assert json.dumps(verdict.as_json())
        is_kept(load(path, verdict.stream))
    return len(verdicts)


def is_kept(told: Trace) -> None:
    """Check that a trace can be written, and is the same when it is read again."""
    assert list(read(io.BytesIO(told.to_jsonl().encode()), "told")) == list(told)


def merged(octets: bytes, others: bytes) -> None:
    """Check what two captures are made into, if they can be merged."""
    with written(octets) as path, written(others) as other, suppress(CaptureError):
        is_kept(load_both(path, other))


@given(damaged())
def test_the_connections_of_a_damaged_capture(octets: bytes) -> None:
    with written(octets) as path:
        made_of(path)


@given(damaged(), st.one_of(st.sampled_from(CAPTURES), damaged()))
def test_damaged_captures_merged(octets: bytes, others: bytes) -> None:
    merged(octets, others)


PORTS = [(40_000, 80), (80, 40_000), (80, 80)]
NUMBERS = [0, 1, 2, 3, 99, 100, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]
OPTIONS_MET = [None, Options(1460, 7, sack_ok=True, ts=(1, 0)), Options(ts=(2, 1)), Options(sack=((2, 3), (1, 100)))]


@st.composite
def anybodys(draw: st.DrawFn) -> bytes:
    """Segments of a few sockets with any bits and numbers, and ICMP errors about them, each right on its wire."""
    records: list[bytes] = []
    time = 0
    for _ in range(draw(st.integers(1, 12))):
        sport, dport = draw(st.sampled_from(PORTS))
        text = draw(st.sampled_from([b"", b"a", b"bb"]))
        made = Segment(
            draw(st.sampled_from(NUMBERS)), draw(st.sampled_from(NUMBERS)), draw(st.integers(0, 0x1FF)),
            draw(st.sampled_from([0, 1, 65_535])), len(text), text or None, None, draw(st.sampled_from(OPTIONS_MET)),
        )  # fmt: skip
        source, target = ["192.0.2.1", "192.0.2.1" if sport == dport else "192.0.2.2"][:: 1 if sport > 80 else -1]
        datagram = encode(Datagram(source, target, Tcp(sport, dport, made), ident=draw(st.integers(0, 2))))
        if records and draw(st.integers(0, 9)) == 0:
            datagram = encode(Datagram(target, source, icmp_error(4, "host unreachable", datagram)))
        time += draw(st.sampled_from([0, 1, 20_000, 999_999]))
        records.append(record("<", *divmod(time, 1_000_000), datagram))
    return pcap("<", MICRO, *records)


@given(anybodys())
def test_whatever_hosts_send(octets: bytes) -> None:
    with written(octets) as path:
        assert made_of(path)


@given(anybodys(), anybodys())
def test_whatever_hosts_send_merged(octets: bytes, others: bytes) -> None:
    merged(octets, others)
