"""What is compared of an outbound packet, and what isn't; google's joining of segments."""

from __future__ import annotations

import pytest

from tests.packetdrill.judged import CLIENT, SERVER, check, judge

WRITE = f"{SERVER} +.1 write(4, ..., 10) = 10\n+0 "
PASS = {
    "all as it is": "> P. 1:11(10) ack 1 win 10000",
    "a window that isn't written": "> P. 1:11(10) ack 1",
    "a sequence number that isn't compared": "> P. ...(10) ack 1",
    "options that aren't compared": "> P. 1:11(10) ack 1 <...>",
    "TTL, TOS and ECN without a prefix": "> P. 1:11(10) ack 1",
    "a TTL": "> (ttl 64) P. 1:11(10) ack 1",
    "a TOS": "> (tos 0x0) P. 1:11(10) ack 1",
    "an ECN field": "> [noecn] P. 1:11(10) ack 1",
    "flags in any order": "> .P 1:11(10) ack 1",
    "an ACE field of zero": "> P.0 1:11(10) ack 1",
}
FAIL = {
    "flags": "> . 1:11(10) ack 1",
    "flags of RFC 3168": "> PE. 1:11(10) ack 1 // failed: flags",
    "seq": "> P. 2:12(10) ack 1",
    "length": "> P. 1:12(11) ack 1",
    "ack": "> P. 1:11(10) ack 2",
    "win": "> P. 1:11(10) ack 1 win 9999",
    "urg": "> P. 1:11(10) ack 1 urg 1",
    "options": "> P. 1:11(10) ack 1 <nop,nop,nop,nop>",
    "ttl": "> (ttl 63) P. 1:11(10) ack 1",
    "tos": "> (tos 0x10) P. 1:11(10) ack 1",
    "ecn": "> [ect0] P. 1:11(10) ack 1",
    "either of two ECN fields": "> [ect01] P. 1:11(10) ack 1 // failed: ecn",
    "dscp": "> (dscp cs1) P. 1:11(10) ack 1",
    "ACE": "> P.5 1:11(10) ack 1",
    "all at once": "> FP. 2:13(11) ack 3 win 1 // failed: flags, seq, length, ack, win",
}


@pytest.mark.parametrize("packet", [pytest.param(text, id=name) for name, text in PASS.items()])
def test_what_is_as_the_script_says_passes(packet: str) -> None:
    check(WRITE + packet)


@pytest.mark.parametrize(("name", "packet"), FAIL.items(), ids=list(FAIL))
def test_what_differs_is_named(name: str, packet: str) -> None:
    check(WRITE + (packet if "//" in packet else f"{packet} // failed: {name}"))


def test_the_ack_number_is_compared_with_zero_where_the_flag_is_absent() -> None:
    syn = CLIENT.split("+.1")[0]
    check(syn)
    check(syn.replace("> S 0:0(0)", "> S 0:0(0) ack 1 // failed: ack"))


OPTIONS = "<mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>"


@pytest.mark.parametrize(
    ("written", "fields"),
    [
        (OPTIONS, ""),
        ("<...>", ""),
        ("<mss 1460,nop,wscale 6,sackOK,TS val 7 ecr 9>", ""),
        ("<mss 1460,nop,wscale 6,sackOK,TS val ... ecr 0>", ""),
        ("", "options"),
        ("<mss 1460,wscale 6,nop,sackOK,TS val 100 ecr 0>", "options"),
        ("<mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 6>", "options"),
        ("<mss 1460,nop,wscale 6,nop,nop,TS val 100 ecr 0>", "options"),
        ("<mss 1400,nop,wscale 6,sackOK,TS val 100 ecr 0>", "mss"),
        ("<mss 1400,nop,wscale 7,sackOK,TS val 100 ecr 0>", "mss, wscale"),
    ],
)
def test_options_are_compared_in_order_with_their_values(written: str, fields: str) -> None:
    script = CLIENT.split("+.1")[0].replace("> S 0:0(0)", f"> S 0:0(0) {written}".rstrip())
    check(script.rstrip() + (f" // failed: {fields}" if fields else ""), profile="freebsd")


def test_raw_octets_of_options() -> None:
    octets = "020405b4 01030306 0402080a 00000000 00000000"
    result = judge(
        CLIENT.split("+.1")[0].replace("> S 0:0(0)", f"> S 0:0(0) <{octets.replace(' ', '')}>"), profile="freebsd"
    )
    assert result.verdict == "failed"
    assert [each.field for each in result.differences] == ["options"]
    assert result.differences[0].actual.startswith("020405b4010303060402080a")


TIMESTAMPS = """{head}
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>
+1 > S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val {second} ecr 0> {remark}
"""


def test_a_timestamp_is_compared_only_with_ticks() -> None:
    check(TIMESTAMPS.format(head="", second=5, remark=""), profile="freebsd")
    ticks = "--tcp_ts_tick_usecs=1000"
    check(TIMESTAMPS.format(head=ticks, second=1100, remark=""), profile="freebsd")
    check(TIMESTAMPS.format(head=ticks, second=1150, remark=""), profile="freebsd")  # 5 % of all that has passed
    check(TIMESTAMPS.format(head=ticks, second=1151, remark="// failed: TS val"), profile="freebsd")


# ---------------------------------------------------------------------------------------------------------- joining

LINUX = """{head}
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <...>
+.1 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0
+0 write(4, ..., {octets}) = {octets}
+0 {packet}
"""


@pytest.mark.parametrize(
    ("octets", "packet"),
    [
        (2500, "> P. 1:2501(2500) ack 1"),
        (2000, "> . 1:1001(1000) ack 1"),
        (2000, "> P. 1:2000(1999) ack 1 // failed: length"),
        (2000, "> P. 1:2002(2001) ack 1 // failed"),
        (2500, "> P. 2:2502(2500) ack 1 // failed: seq"),
        (2500, "> . 1:2501(2500) ack 1 // failed: flags"),
    ],
)
def test_segments_of_equal_size_are_joined(octets: int, packet: str) -> None:
    check(LINUX.format(head="", octets=octets, packet=packet), profile="linux")


def test_a_segment_that_can_t_continue_those_before_it() -> None:
    # The second write's segment is shorter and not the last: a kernel would not have sent these as one.
    script = LINUX.format(
        head="", octets=1500, packet="write(4, ..., 1000) = 1000\n+0 > P. 1:2501(2500) ack 1 // failed: length"
    )
    result = check(script, profile="linux")
    assert result.what.startswith(
        "after 1000 of 2500 octets comes what doesn't continue them: > P. 1001:1501(500) ack 1"
    )


def test_strict_segments_are_one_to_one() -> None:
    strict = "--strict_segments"
    check(LINUX.format(head=strict, octets=1000, packet="> P. 1:1001(1000) ack 1"), profile="linux")
    script = LINUX.format(head=strict, octets=2500, packet="> P. 1:2501(2500) ack 1 // failed: length, flags")
    check(script, profile="linux")


def test_nplab_s_dialect_joins_nothing() -> None:
    check(f"{SERVER} +0 write(4, ..., 1000) = 1000\n+0 > P. 1:1001(1000) ack 1 // failed: length, flags")


def test_side_by_side_every_field_stands_and_those_that_differ_are_marked() -> None:
    result = judge(f"{WRITE}> . 2:12(10) ack 1")
    rows = {row.field: row for row in result.rows}
    assert list(rows) == ["time", "flags", "seq", "length", "ack", "win", "options"]
    assert [name for name, row in rows.items() if row.differs] == ["flags", "seq"]
    assert rows["flags"][1:3] == (".", "P.")
    assert rows["win"][1:3] == ("any", "(10000)")
    assert (result.expected, result.actual) == ("> . 2:12(10) ack 1", "> P. 1:11(10) ack 1 win 10000")
