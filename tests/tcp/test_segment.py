"""A segment: SEG.LEN, equality, and print as in the RFC (RFC 9293 3.1, 3.4, 3.5)."""

from __future__ import annotations

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import (
    ACK,
    CONTROL_BITS,
    CWR,
    ECE,
    FIN,
    PSH,
    RST,
    RST_ACK,
    SYN,
    SYN_ACK,
    SYN_FIN,
    URG,
    Segment,
    ctl_name,
    parse_ctl,
    segment,
)
from tcpsim.tcp.seqnum import MASK

# ------------------------------------------------------------------ control bits


def test_the_control_bits_are_those_of_the_header() -> None:
    # RFC 9293 3.1: CWR ECE URG ACK PSH RST SYN FIN, from the most significant bit
    bits = [1 << bit for bit in range(7, -1, -1)]
    assert bits == [CWR, ECE, URG, ACK, PSH, RST, SYN, FIN]
    assert (SYN_FIN, SYN_ACK, RST_ACK) == (SYN | FIN, SYN | ACK, RST | ACK)
    assert sum(bit for _, bit in CONTROL_BITS) == 0x1FF


@pytest.mark.parametrize(
    ("ctl", "name"),
    [
        (SYN | ACK, "SYN,ACK"), (FIN | ACK, "FIN,ACK"), (RST | ACK, "RST,ACK"), (PSH | ACK, "PSH,ACK"),
        (FIN | PSH | ACK, "FIN,PSH,ACK"), (0, "none"), (0xFF, "SYN,FIN,RST,PSH,ACK,URG,ECE,CWR"),
    ],
)  # fmt: skip
def test_control_bits_print_as_in_the_rfc(ctl: int, name: str) -> None:
    assert ctl_name(ctl) == name


def test_every_set_of_control_bits_reads_back() -> None:
    assert [parse_ctl(ctl_name(ctl)) for ctl in range(256)] == list(range(256))


@pytest.mark.parametrize("written", ["SYN,ACK", "SYN-ACK", "syn+ack", "ack|syn", " Syn , Ack ", "SYN,ACK,SYN"])
def test_control_bits_are_read_as_people_write_them(written: str) -> None:
    assert parse_ctl(written) == SYN | ACK


@pytest.mark.parametrize("written", ["", "SYN,", "SYNACK", "FOO", "none,SYN"])
def test_unknown_control_bits_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected control bits such as SYN,ACK"):
        parse_ctl(written)


# ------------------------------------------------------------------ SEG.LEN


@pytest.mark.parametrize("length", [0, 1, 536])
@pytest.mark.parametrize("ctl", range(256))
def test_seg_len_counts_text_syn_and_fin(ctl: int, length: int) -> None:
    made = segment(ctl, seq=7, text=length)
    assert made.seg_len == length + (1 if ctl & SYN else 0) + (1 if ctl & FIN else 0)


@pytest.mark.parametrize(("seq", "last"), [(10, 15), (MASK - 2, 3), (MASK, 5)])
def test_the_last_number_of_a_segment(seq: int, last: int) -> None:
    # four octets of text between a SYN and a FIN: six numbers
    assert segment("SYN,FIN", seq=seq, text=b"text").last == (last if seq == 10 else (seq + 5) & MASK)


# ------------------------------------------------------------------ making and comparing


@pytest.mark.parametrize(("ecn", "printed"), [(0, ""), (1, "<ECT(1)>"), (2, "<ECT(0)>"), (3, "<CE>")])
def test_the_mark_of_its_datagram_is_part_of_it(ecn: int, printed: str) -> None:
    made = segment("ACK", seq=7, ack=3, ecn=ecn)
    assert repr(made) == "<SEQ=7><ACK=3><CTL=ACK>" + printed
    assert (made == segment("ACK", seq=7, ack=3)) is (ecn == 0)


def test_text_is_octets_or_a_count() -> None:
    read, counted = segment("ACK", text=b"abc"), segment("ACK", text=3)
    assert (read.length, read.text) == (3, b"abc")
    assert (counted.length, counted.text) == (3, None)
    assert segment("ACK").text is None


def test_numbers_are_taken_modulo_2_32() -> None:
    made = segment("ACK", seq=MASK + 5, ack=-1)
    assert (made.seq, made.ack) == (4, MASK)


def test_segments_that_travel_alike_are_equal_whatever_asked_for_them() -> None:
    one = Segment(1, 2, ACK, 3, 0, None, why.ACK_AT_ONCE)
    other = Segment(1, 2, ACK, 3, 0, None, why.ACK_DELAY_OVER)
    assert one == other
    assert hash(one) == hash(other)
    assert one.wire() == (1, 2, ACK, 3, 0, None, 0, None, 0)
    assert one != "<SEQ=1><ACK=2><CTL=ACK>"


@pytest.mark.parametrize(
    "changed",
    [
        segment("ACK", 2, 2, 3), segment("ACK", 1, 3, 3), segment("RST", 1, 2, 3), segment("ACK", 1, 2, 4),
        segment("ACK", 1, 2, 3, 5), segment("ACK", 1, 2, 3, b"abc"), segment("ACK", 1, 2, 3, options=Options(mss=1)),
        segment("ACK", 1, 2, 3, up=9),
    ],
)  # fmt: skip
def test_segments_differ_by_every_field_that_travels(changed: Segment) -> None:
    assert changed != segment("ACK", 1, 2, 3)


@pytest.mark.parametrize(
    ("made", "printed"),
    [
        (segment("SYN", 100), "<SEQ=100><CTL=SYN>"),  # Figure 6, line 2
        (segment("SYN,ACK", 300, 101), "<SEQ=300><ACK=101><CTL=SYN,ACK>"),
        (segment("ACK", 300, 100, text=10), "<SEQ=300><ACK=100><DATA=10><CTL=ACK>"),  # Figure 10, line 2
        (segment("RST", 100), "<SEQ=100><CTL=RST>"),
        (segment("RST", 100, 7), "<SEQ=100><CTL=RST>"),
        (segment("ACK,URG", 1, 2, up=5, text=b"urgent"), "<SEQ=1><ACK=2><DATA=6><UP=5><CTL=ACK,URG>"),
        (segment("SYN", 1, options=Options(mss=1460, wscale=7)), "<SEQ=1><MSS=1460,WS=7><CTL=SYN>"),
    ],
)  # fmt: skip
def test_a_segment_prints_as_in_the_rfc(made: Segment, printed: str) -> None:
    assert repr(made) == printed
