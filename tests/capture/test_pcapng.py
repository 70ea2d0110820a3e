"""pcapng: files by hand in both byte orders, every kind of block, and every length that cannot be."""

from __future__ import annotations

import struct

import pytest

from tcpsim.capture import CaptureError, Interface
from tcpsim.capture.pcapng import LONGEST_BLOCK, MOST_INTERFACES, MOST_OPTIONS
from tests.capture.by_hand import (
    block,
    enhanced,
    frames_of,
    interface,
    obsolete,
    opened,
    option,
    section,
    simple,
)

ORDERS = ["<", ">"]
END = bytes(4)


@pytest.mark.parametrize("order", ORDERS)
def test_packets_of_the_three_kinds(order: str) -> None:
    comments = option(order, 1, "zwölf".encode()) + option(order, 2, b"\0\0\0\1") + option(order, 1, b"b") + END
    octets = b"".join((
        section(order, option(order, 1, b"a file") + END),
        interface(order, 1, 4, option(order, 2, b"eth0\0") + option(order, 3, b"the first") + END),
        enhanced(order, 1_500_000, b"abc", original=60, options=comments),
        simple(order, b"abcd", 1500),
        simple(order, b"xy"),
        obsolete(order, 3, b"z", options=option(order, 1, b"old")),
    ))  # fmt: skip
    reader = opened(octets)
    assert reader.format == "pcapng"
    found = list(reader)
    assert reader.interfaces == [Interface(1, 4, "eth0", "the first")]
    assert [frame[:6] for frame in found] == [
        (1_500_000_000, 1, b"abc", 60, 0, "zwölf\nb"),
        (1_500_000_000, 1, b"abcd", 1500, 0, ""),
        (1_500_000_000, 1, b"xy", 2, 0, ""),
        (3000, 1, b"z", 1, 0, "old"),
    ]
    assert [octets[frame.offset : frame.offset + 4] for frame in found] == [
        struct.pack(order + "I", kind) for kind in (6, 3, 3, 2)
    ]
    assert reader.cut is None


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("resolution", "offset", "ticks", "time"),
    [
        (6, 0, 7, 7000),
        (9, 0, 7, 7),
        (0, 0, 7, 7 * 10**9),
        (12, 0, 7999, 7),
        (127, 0, 2**64 - 1, 0),
        (0x80 | 10, 0, 1536, 1_500_000_000),
        (0x80 | 30, 0, 1 << 30, 10**9),
        (0x80 | 127, 0, 2**64 - 1, 0),
        (9, -5, 7 * 10**9, 2 * 10**9),
        (6, 1_700_000_000, 1, 1_700_000_000_000_001_000),
    ],
)
def test_what_a_timestamp_means(order: str, resolution: int, offset: int, ticks: int, time: int) -> None:
    options = option(order, 9, bytes([resolution])) + option(order, 14, struct.pack(order + "q", offset))
    (frame,) = frames_of(section(order) + interface(order, options=options) + enhanced(order, ticks, b""))
    assert frame.time == time


def test_sections_have_their_own_order_and_interfaces() -> None:
    octets = b"".join((
        section("<"), interface("<", 1), interface("<", 101), enhanced("<", 1, b"a", at=1),
        section(">"), interface(">", 113), enhanced(">", 2, b"b", at=0), simple(">", b"c"),
        section(">"), interface(">", 228), simple(">", b"d"),
    ))  # fmt: skip
    reader = opened(octets)
    assert [(frame.time, frame.link, frame.octets, frame.interface) for frame in reader] == [
        (1000, 101, b"a", 1), (2000, 113, b"b", 2), (2000, 113, b"c", 2), (0, 228, b"d", 3),
    ]  # fmt: skip
    assert [each.link for each in reader.interfaces] == [1, 101, 113, 228]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", [4, 5, 9, 10, 0xBAD, 0x40000BAD, 0x80000001, 0])
def test_other_blocks_are_passed_over(order: str, kind: int) -> None:
    other = block(order, kind, b"anything, in words of four  ")
    octets = section(order) + other + interface(order) + other + enhanced(order, 1, b"a") + other
    assert [frame.octets for frame in frames_of(octets)] == [b"a"]


def test_text_that_is_not_utf_8_is_read_all_the_same() -> None:
    octets = section() + interface() + enhanced("<", 1, b"", options=option("<", 1, b"\xff"))
    assert frames_of(octets)[0].comment == "\N{REPLACEMENT CHARACTER}"


def test_version_1_2_is_the_same_format() -> None:
    assert frames_of(section(version=(1, 2))) == []


TWO = section() + interface()
MANY = option("<", 1, b"") * (MOST_OPTIONS + 1)
LONG = struct.pack("<HH", 1, 5) + b"abcd"
EARLY = option("<", 14, b"\xff" * 8)
CROWD = interface() * (MOST_INTERFACES + 1)
CROWDED = block("<", 2, struct.pack("<HHIIII", 0, 7, 0, 1, 9, 9) + b"abcdefgh")
HUGE = struct.pack("<II", 77, LONGEST_BLOCK + 4)


@pytest.mark.parametrize(
    ("octets", "offset", "said"),
    [
        (section()[:11], 11, "the file ends after 11 octets; expected a Section Header Block"),
        (section()[:27], 27, "the file ends after 27 octets; expected a Section Header Block of 28"),
        (section()[:8] + b"abcd" + section()[12:], 8, "61 62 63 64; expected the byte-order magic"),
        (section(version=(2, 0)), 12, "this is version 2.0; expected pcapng of version 1.0"),
        (section(version=(1, 1)), 12, "this is version 1.1"),
        (block("<", 0x0A0D0D0A, section()[8:20], 24), 4, "a length of 24 for the Section Header Block; expected"),
        (section()[:-4] + b"\x20\0\0\0", 24, "length is 32 here and 28 at its start; expected the same"),
        (section() + block("<", 1, b"1234", 16), 32, "a length of 16 for the Interface Description Block; expected"),
        (section() + block("<", 77, b"12345"), 32, "a length of 17 for the block of type 0x4d; expected a multiple"),
        (section() + struct.pack("<III", 77, 8, 8), 32, "a length of 8 for the block"),
        (section() + HUGE + bytes(4), 32, f"a length of {LONGEST_BLOCK + 4} for"),
        (section() + enhanced("<", 1, b""), 36, "interface 0; expected one of the 0 that the section has described"),
        (TWO + enhanced("<", 1, b"", at=1), 56, "interface 1; expected one of the 1"),
        (TWO + section() + simple("<", b"abc"), 84, "interface 0; expected one of the 0"),
        (TWO + enhanced("<", 1, b"abc", original=2), 68, "3 octets of a frame that had 2"),
        (TWO + CROWDED, 68, "9 octets of a frame; expected at most 8"),
        (section() + interface(snap=2) + enhanced("<", 1, b"abc"), 68, "3 octets of a frame; expected at most 2"),
        (TWO + simple("<", b"abcd", 5), 56, "5 octets of a frame in a block for 4; expected as many"),
        (section() + interface(snap=2) + simple("<", b"abcde"), 56, "2 octets of a frame in a block for 8"),
        (TWO + enhanced("<", 2**63, b""), 60, "expected one from 1970 to 2116"),
        (section() + interface(options=EARLY) + enhanced("<", 1, b""), 72, "a time of -999999000 ns"),
        (section() + interface(options=option("<", 9, b"ab")), 46, "2 octets of if_tsresol; expected 1"),
        (section() + interface(options=option("<", 14, b"ab")), 46, "2 octets of if_tsoffset; expected 8"),
        (TWO + enhanced("<", 1, b"", options=LONG), 78, "5 octets of an option; expected at most 4"),
        (section(options=struct.pack("<HH", 1, 1)), 26, "1 octets of an option; expected at most 0"),
        (TWO + enhanced("<", 1, b"", options=MANY), 76 + 4 * MOST_OPTIONS, "one more option; expected at most 1000"),
        (section() + CROWD, 28 + 20 * MOST_INTERFACES, "one more interface; expected at most 65536"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_is_told_with_its_octet(octets: bytes, offset: int, said: str) -> None:
    with pytest.raises(CaptureError) as raised:
        frames_of(octets)
    assert said in str(raised.value)
    assert raised.value.offset == offset
    assert str(raised.value).startswith(f"x: octet {offset}: ")


WHOLE = section() + interface() + enhanced("<", 1, b"abc") + enhanced("<", 2, b"defgh")
BOUNDS = [28, 48, 48 + 36, 48 + 36 + 40]


@pytest.mark.parametrize("end", range(28, len(WHOLE) + 1))
def test_a_file_that_was_cut_gives_what_was_whole(end: int) -> None:
    reader = opened(WHOLE[:end])
    assert [frame.octets for frame in reader] == [b"abc", b"defgh"][: sum(end >= bound for bound in BOUNDS[2:])]
    begins = max(bound for bound in BOUNDS if bound <= end)
    if end == begins:
        assert reader.cut is None
        return
    assert reader.cut is not None
    assert reader.cut.offset == begins
    assert f"the file ends {end - begins} octets on, inside a block; expected " in str(reader.cut)
