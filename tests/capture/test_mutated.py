"""Captures that are damaged anyhow: frames or a CaptureError, never anything else, in bounded time and memory.

The same target is given to atheris by `make fuzz`.
"""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from tcpsim.capture import CaptureError, Tally, decode_frame, read_frames
from tcpsim.capture.pcapng import LONGEST_BLOCK
from tcpsim.capture.window import PIECE
from tcpsim.capture.writing import capture_pieces
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
