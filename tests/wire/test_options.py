"""TCP options: values, layouts, and whatever else may stand in a header."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tcpsim.tcp.options import Options
from tcpsim.wire import WireError, decode_options, encode_options
from tests.wire.examples import option_octets

MD5 = bytes(range(16))


@pytest.mark.parametrize(
    ("octets", "options"),
    [
        ("020405b4", Options(1460)),
        ("020405b4 01030306 0402080a 0000000100000002",
         Options(1460, 6, True, (1, 2), kinds=("mss", "nop", "wscale", "sackOK", "TS"))),
        ("020405b4 01030306 0402 0000",
         Options(1460, 6, True, kinds=("mss", "nop", "wscale", "sackOK", "eol", "eol"))),
        ("020405b4 0402080a 00000001 00000002 01030308",
         Options(1460, 8, True, (1, 2), kinds=("mss", "sackOK", "TS", "nop", "wscale"))),
        ("0101080a ffffffff 00000000", Options(ts=(0xFFFF_FFFF, 0))),
        ("0101050a 00000064 000000c8", Options(sack=((100, 200),))),
        ("080a 00000001 00000002 050a 00000064 000000c8",
         Options(ts=(1, 2), sack=((100, 200),), kinds=("TS", "sack"))),
        ("0a02 2202", Options(fastopen=b"", kinds=("other", "FO"), others=((10, b""),))),
        ("2206 61626364 0101", Options(fastopen=b"abcd", kinds=("FO", "nop", "nop"))),
        ("fe08 f989 61626364", Options(fastopen=b"abcd", kinds=("FOEXP",))),
        ("fe04 1234", Options(others=((254, b"\x12\x34"),))),
        ("0101 1312" + MD5.hex(), Options(kinds=("nop", "nop", "other"), others=((19, MD5),))),
        ("1c04 8064", Options(others=((28, b"\x80\x64"),))),
        ("0303 07 0303 08 0101", Options(wscale=7, kinds=("wscale", "other", "nop", "nop"), others=((3, b"\x08"),))),
        ("0203 05 00", Options(kinds=("other", "eol"), others=((2, b"\x05"),))),
        ("0502 0101", Options(kinds=("sack", "nop", "nop"))),
        ("01010101", Options(kinds=("nop",) * 4)),
        ("00000000", Options(kinds=("eol",) * 4)),
    ],
)  # fmt: skip
def test_each_kind_and_layout(octets: str, options: Options) -> None:
    assert decode_options(bytes.fromhex(octets)) == options
    assert encode_options(options) == bytes.fromhex(octets)
    assert options.octets == len(bytes.fromhex(octets))


def test_no_options_are_none() -> None:
    assert decode_options(b"") is None


def test_the_canonical_layout_is_not_named() -> None:
    read = decode_options(bytes.fromhex("0101080a 00000001 00000002"))
    assert read is not None
    assert read.kinds is None


def test_what_follows_the_end_of_the_list_is_padding() -> None:
    assert decode_options(bytes.fromhex("00ff0305")) == Options(kinds=("eol",) * 4)


@pytest.mark.parametrize(
    ("octets", "offset", "expected"),
    [
        ("01010102", 24, "the length of option 2, from 2 to 2"),  # no length
        ("0200ffff", 21, "the length of option 2, from 2 to 4"),  # RFC 9293 3.1, MUST-7: zero
        ("08010000", 21, "the length of option 8, from 2 to 4"),
        ("01080a00", 22, "the length of option 8, from 2 to 3"),  # beyond the header
    ],
)
def test_a_length_that_leads_nowhere_is_an_error(octets: str, offset: int, expected: str) -> None:
    with pytest.raises(WireError) as caught:
        decode_options(bytes.fromhex(octets), 20)
    assert (caught.value.offset, caught.value.expected) == (offset, expected)
    assert str(caught.value) == f"octet {offset}: expected {expected}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(65_536), "an MSS from 0 to 65535, not 65536"),
        (Options(wscale=256), "a window scale from 0 to 255"),
        (Options(ts=(1 << 32, 0)), "TSval"),
        (Options(ts=(0, -1)), "TSecr"),
        (Options(sack=((0, 1 << 32),)), "a SACK block"),
        (Options(sack=((0, 1),) * 5), "at most 40 octets of options, not 44"),
        (Options(others=((256, b""),)), "an option's kind"),
        (Options(others=((99, bytes(254)),)), "an option's length"),
        (Options(fastopen=bytes(254)), "an option's length"),
        (Options(1460, kinds=("nop",)), "a layout of mss, not nop"),
        (Options(kinds=("mss",)), "a layout of nothing, not mss"),
        (Options(1460, kinds=("mss", "mss")), "a layout of mss, not mss, mss"),
        (Options(kinds=("other",)), "a layout of nothing, not other"),
    ],
)
def test_what_no_header_can_hold_is_refused(options: Options, said: str) -> None:
    with pytest.raises(WireError, match=said) as caught:
        encode_options(options)
    assert caught.value.offset is None


@given(option_octets())
@example(bytes.fromhex("fe08f989 61626364 2204 6162"))
def test_every_layout_is_written_as_it_was_read(octets: bytes) -> None:
    read = decode_options(octets)
    if read is None:
        assert octets == b""
        return
    assert encode_options(read) == octets
    assert read.octets == len(octets)


@given(st.binary(max_size=44))
def test_any_octets_are_options_or_a_wire_error(octets: bytes) -> None:
    with contextlib.suppress(WireError):
        decode_options(octets)
