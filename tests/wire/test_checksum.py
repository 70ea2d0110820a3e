"""The Internet checksum, beside RFC 1071's own example and its loop over words."""

from hypothesis import given
from hypothesis import strategies as st

from tcpsim.wire.checksum import checksum, intact, ones_sum, pseudo_header


def word_by_word(octets: bytes) -> int:
    """RFC 1071 4.1: add 16-bit words, add a left-over octet, fold the carries."""
    total = sum(int.from_bytes(octets[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(octets), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_the_example_of_rfc_1071_3() -> None:
    octets = bytes.fromhex("0001f203f4f5f6f7")
    assert ones_sum(octets) == 0xDDF2
    assert checksum(octets) == 0x220D
    assert intact(octets + bytes.fromhex("220d"))


@given(st.binary(max_size=100) | st.lists(st.sampled_from((0, 0xFF)), max_size=20).map(bytes))
def test_the_sum_is_that_of_a_loop_over_words(octets: bytes) -> None:
    assert ones_sum(octets) == word_by_word(octets)


def test_both_zeros_of_ones_complement() -> None:
    assert (ones_sum(b""), ones_sum(bytes(4))) == (0, 0)  # only nothing but zeros adds up to +0
    assert ones_sum(b"\xff\xff") == ones_sum(b"\xff\xfe\x00\x01") == 0xFFFF
    assert checksum(bytes(4)) == 0xFFFF
    assert checksum(b"\xff\xfe\x00\x01") == 0
    assert not intact(bytes(4))


def test_the_pseudo_headers() -> None:
    assert pseudo_header(b"\1\2\3\4", b"\5\6\7\x08", 6, 20) == bytes.fromhex("01020304 05060708 00 06 0014")
    source, target = b"a" * 16, b"b" * 16
    assert pseudo_header(source, target, 58, 0x10001) == source + target + bytes.fromhex("00010001 0000003a")
