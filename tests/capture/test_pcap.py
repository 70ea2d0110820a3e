"""pcap: files by hand in both byte orders, and every length that cannot be."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.capture import CaptureError, Frame, Interface, read_frames
from tcpsim.capture.window import PIECE
from tests.capture.by_hand import MICRO, NANO, frames_of, opened, pcap, record

ORDERS = ["<", ">"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("magic", "unit"), [(MICRO, 1000), (NANO, 1)])
def test_frames_as_they_stand(order: str, magic: int, unit: int) -> None:
    octets = pcap(
        order, magic, record(order, 1, 999_999, b"abc"), record(order, 0, 5, b"", 1500), snap=100, link=113
    )  # fmt: skip
    reader = opened(octets)
    assert reader.format == "pcap"
    assert reader.interfaces == [Interface(113, 100)]
    assert list(reader) == [
        Frame(10**9 + 999_999 * unit, 113, b"abc", 3, 0, "", 24),
        Frame(5 * unit, 113, b"", 1500, 0, "", 24 + 19),
    ]
    assert reader.cut is None
    assert reader.done == len(octets)


def test_a_fcs_is_told_in_the_upper_bits_of_the_link_type() -> None:
    assert opened(pcap(link=0x24000001)).interfaces[0].link == 1


def test_a_snap_length_of_0_is_no_limit_but_libpcaps() -> None:
    assert len(frames_of(pcap("<", MICRO, record("<", 0, 0, bytes(262_144)), snap=0))) == 1
    with pytest.raises(CaptureError, match="262145 octets of a frame; expected at most 262144"):
        frames_of(pcap("<", MICRO, record("<", 0, 0, bytes(262_145)), snap=0))
    with pytest.raises(CaptureError, match="at most 262144"):
        frames_of(pcap("<", MICRO, record("<", 0, 0, bytes(262_145)), snap=0xFFFFFFFF))


@pytest.mark.parametrize(
    ("octets", "offset", "said"),
    [
        (b"", 0, "the file is empty; expected a capture: pcap or pcapng"),
        (b"\x1f\x8b\x08\x00", 0, "this is compressed; gunzip it first; expected a capture"),
        (b"PK\x03\x04", 0, "the file begins with 50 4b 03 04; expected a capture: pcap or pcapng"),
        (b"\xa1", 0, "the file begins with a1; expected a capture"),
        (b"\xa1\xb2\xcd\x34" + bytes(20), 0, "this is the pcap of Kuznetsov's libpcap"),
        (pcap()[:20], 20, "the file ends after 20 octets; expected 24 octets of a header"),
        (pcap()[:6] + b"\x03" + pcap()[7:], 4, "this is version 2.3; expected pcap of version 2.4"),
        (pcap("<", MICRO, record("<", 0, 10**6, b"")), 28, "a fraction of 1000000; expected less than a second"),
        (pcap("<", NANO, record("<", 0, 10**9, b"")), 28, "a fraction of 1000000000"),
        (pcap("<", MICRO, record("<", 0, 0, b"abc"), snap=2), 32, "3 octets of a frame; expected at most 2"),
        (pcap("<", MICRO, record("<", 0, 0, b"abc", 2)), 32, "3 octets of a frame that had 2; expected no more than"),
        (pcap("<", MICRO, record("<", 0, 0, b"a"), record(">", 0, 0, b"a")), 49, "16777216 octets of a frame"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_is_told_with_its_octet(octets: bytes, offset: int, said: str) -> None:
    with pytest.raises(CaptureError) as raised:
        frames_of(octets)
    assert raised.value.offset == offset
    assert str(raised.value).startswith(f"x: octet {offset}: ")
    assert said in str(raised.value)


def test_frames_before_the_mistake_are_given() -> None:
    reader = iter(opened(pcap("<", MICRO, record("<", 1, 0, b"a"), record("<", 2, 10**6, b"b"))))
    assert next(reader).octets == b"a"
    with pytest.raises(CaptureError):
        next(reader)


WHOLE = pcap("<", MICRO, record("<", 1, 0, b"abc"), record("<", 2, 0, b"defgh"))


@pytest.mark.parametrize("end", range(24, len(WHOLE)))
def test_a_file_that_was_cut_gives_what_was_whole(end: int) -> None:
    reader = opened(WHOLE[:end])
    whole = [b"abc"] if end >= 43 else []
    assert [frame.octets for frame in reader] == whole
    begins = 43 if whole else 24
    if end == begins:
        assert reader.cut is None
        return
    assert reader.cut is not None
    assert reader.cut.offset == begins
    assert f"the file ends {end - begins} octets on, inside a frame's record; expected " in str(reader.cut)


class OneByOne(io.RawIOBase):
    """A file that gives an octet at a time, as a pipe may."""

    def __init__(self, octets: bytes) -> None:
        self.left = octets

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer will do
        given, self.left = self.left[:1], self.left[1:]
        buffer[: len(given)] = given
        return len(given)


@given(st.lists(st.binary(max_size=40), max_size=8), st.sampled_from(ORDERS))
def test_whole_or_octet_by_octet(frames: list[bytes], order: str) -> None:
    octets = pcap(order, NANO, *(record(order, number, number, frame) for number, frame in enumerate(frames)))
    file: IO[bytes] = OneByOne(octets)  # type: ignore[assignment]  # it reads, and nothing else is asked of it
    found = list(read_frames(file))
    assert [frame.octets for frame in found] == frames
    assert found == frames_of(octets)
    assert file.closed


def test_memory_is_bounded_by_a_piece_and_a_frame() -> None:
    one = record("<", 0, 0, bytes(60_000))
    reader = opened(pcap("<", MICRO, *[one] * 40))
    most = 0
    for frame in reader:
        assert len(frame.octets) == 60_000
        most = max(most, len(reader._window.held))
    assert PIECE <= most < 2 * PIECE


def test_a_file_by_path_and_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a\nb.pcap"
    path.write_bytes(WHOLE + b"x")
    reader = read_frames(path)
    assert (reader.size, reader.path) == (len(WHOLE) + 1, str(path))
    assert next(reader).octets == b"abc"
    assert next(reader).octets == b"defgh"
    assert list(reader) == []
    assert reader.cut is not None
    assert "a\\nb.pcap: octet 64: the file ends 1 octets on" in str(reader.cut)
    with read_frames(str(path)) as early:
        assert next(early).octets == b"abc"
    assert early._window._file.closed
    with pytest.raises(FileNotFoundError):
        read_frames(tmp_path / "nowhere")


def test_a_pipe_has_no_size() -> None:
    read, write = os.pipe()
    os.write(write, WHOLE)
    os.close(write)
    reader = read_frames(os.fdopen(read, "rb"), "pipe")
    assert len(list(reader)) == 2
    assert opened(WHOLE).size == 0
