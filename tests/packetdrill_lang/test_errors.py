"""What is wrong with a script is told with its line and column, what was expected, what was found, the nearest word.

Each case: a script whose mistake begins at the sign `@` (which is taken out), and the message.
"""

from __future__ import annotations

import pytest

from tcpsim.packetdrill.parsing import parse
from tcpsim.packetdrill.places import Place, ScriptError, nearest_word, shown

HEAD = [
    ("@--tolerence_usecs=1\n0 `x`", "found '--tolerence_usecs'; expected an option of packetdrill;"
     " did you mean '--tolerance_usecs'?"),
    ("--mtu@\n0 `x`", "found '0'; expected '=' after --mtu"),
    ("--mtu=@big\n0 `x`", "--mtu is 'big'; expected a number"),
    ("--mtu=@\n0 `x`", "found '0'; expected the value of --mtu"),
    ("--ip_version=@ipv5\n0 `x`", "--ip_version is 'ipv5'; expected ipv4, ipv6 or ipv4-mapped-ipv6"),
    ("--strict_segments@=1\n0 `x`", "found '='; expected nothing after --strict_segments"),
    ("--define=@NAME\n0 `x`", "--define is 'NAME'; expected NAME=value"),
    ("@-D NAME\n0 `x`", "-D is 'NAME'; expected NAME=value"),
    ("@", "the script ends; expected an event: a time and what happens then"),
    ("`init` @", "the script ends; expected an event: a time and what happens then"),
    ("`init` @`again` 0 `x`", "found '`again`'; expected an event: a time and what happens then"),
    ("0 `x` `last` @0 `y`", "found '0'; expected the end: a shell line without a time stands before the first event"
     " or after the last"),
]  # fmt: skip

QUOTATIONS = [
    ("0 @`never", "found '`', which never ends; expected a closing backquote"),
    ('0 open(@"never, 0) = 3', "found '\"', which never ends; expected a closing quotation mark"),
    ("0 @%{ assert 1 }", "found '%{', which never ends; expected }%"),
    ("0 `x` @/* never", "found '/*', which never ends; expected */"),
    ("#ifdef A\n#endif\n0 @%{ assert 1 }", "found '%{', which never ends; expected }%"),
    ('0 open(@"\\q", 0) = 3', 'found the escape \\q; expected \\\\, \\", \\f, \\n, \\r, \\t, \\v or \\xhh'),
]

CONDITIONS = [
    ("0 `x`\n@#ifdef A\n", "this condition is never closed; expected #endif"),
    ("@#ifdef\nA\n#endif", "found #ifdef without a name; expected a name on the same line"),
    ("@#endif", "found #endif without an #ifdef before it"),
    ("@#else", "found #else without an #ifdef before it"),
    ("#ifdef A\n#else\n@#else\n#endif", "found a second #else; expected #endif"),
    ("@#ifdeff A", "found '#ifdeff'; expected #ifdef, #ifndef, #else or #endif; did you mean 'ifdef'?"),
    ("@#define A 1", "found '#define'; expected --define=NAME=value at the head"),
    ("#ifdef A\n" * 100 + "@#ifdef A", "conditions are nested deeper than 100"),
]  # fmt: skip

TIMES = [
    ("0 `x`\n@soon `y`", "found 'soon'; expected the time of an event"),
    ("@-1 `x`", "the time is negative; expected seconds from 0 on"),
    ("@1000000000000 `x`", "the time is out of range; expected less than 1000000000 seconds"),
    ("@2~1 > . 1:1(0)", "the range of times runs backwards; expected the earlier time first"),
    ("+1~@2 > . 1:1(0)", "found '2'; expected '+' after '~' in a range of relative times"),
    ("+@x `y`", "found 'x'; expected a time in seconds"),
    ("@* `x`", "found '*' as the time; expected a time, for '*' is for outbound packets only"),
    ("@1~2 < . 1:1(0) win 5", "found a range of times; expected one time, for ranges are for outbound packets only"),
    ("@0.3...0.1 close(3) = 0", "the call ends before it starts; expected a later time after '...'"),
    ("0...1 @> . 1:1(0)", "found '>'; expected a system call after a blocking time a...b"),
    ("0 @", "the script ends; expected a packet, a system call, a shell line or %{ code }%"),
    ("0 @= 5", "found '='; expected a packet, a system call, a shell line or %{ code }%"),
]  # fmt: skip

CALLS = [
    ("0 @conect(3) = 0", "found 'conect'; expected a system call; did you mean 'connect'?"),
    ("0 close@ 3 = 0", "found '3'; expected '(' after the name of a call"),
    ("0 close(3 @4) = 0", "found '4'; expected ',' or ')'"),
    ("0 close(3)@ 0", "found '0'; expected '=' after the arguments"),
    ("0 close(3, @) = 0", "found ')'; expected an argument: a number, a name, a string, ..., [list] or {struct}"),
    ("0 close(@99999999999999999999) = 0", "the number is out of range: '99999999999999999999'; expected "
     "-9223372036854775808 to 18446744073709551615"),
    ("0 bind(3, {sin_port=hton@(80)}) = 0", "found '('; expected '}' after a struct's fields"),
    ("0 bind(3, htosn@(80)) = 0", "found '('; expected ',' or ')'"),
    ("0 close(3) = -1 @Eagain (no)", "found 'Eagain'; expected the name of an error such as EAGAIN, or the next event"),
    ("0 close(3) = 0 (open @(again))", "found '('; expected words and ')'"),
    ("0 close(" + "[" * 49 + "@[" + "]" * 50 + ") = 0", "the argument is nested deeper than 50"),
    ("0 close({(label 5@", "the script ends; expected ')'"),
    ("0 close({(label 5@]", "found ']'; expected ')'"),
]  # fmt: skip

PACKETS = [
    ("0 > @1:1(0)", "found '1'; expected the flags of a segment ('-' for none), icmp, udp or an outer header"),
    ("0 > @SX 1:1(0)", "found 'X' among the flags 'SX'; expected S, F, R, P, '.' (ACK), U, E, W, A or a digit up to 7"),
    ("0 > @s. 1:1(0)", "found 's' among the flags 's.'; expected S, F, R, P, '.' (ACK), U, E, W, A or a digit up to 7;"
     " did you mean 'S'?"),
    ("0 < @icpm unreachable", "found 'i' among the flags 'icpmunreachable'; expected S, F, R, P, '.' (ACK), U, E, W, A"
     " or a digit up to 7"),
    ("0 > @E.5 1:1(0)", "the flags 'E.5' give the ACE field twice; expected one digit, or letters of E, W, A"),
    ("0 > . @ack 1", "found 'ack'; expected a sequence range such as 1:1001(1000)"),
    ("0 > . @1:1000(1000)", "the range 1:1000 isn't 1000 long; expected 1:1001(1000)"),
    ("0 > . @4294967296:4294967296(0)", "the sequence number is out of range: '4294967296'; expected 0 to 4294967295"),
    ("0 > . 1:65537(@65536)", "the length is out of range: '65536'; expected 0 to 65535"),
    ("0 @> . 1:65536(65535)", "the segment takes 65575 octets; expected at most 65536"),
    ("0 > . 1:1(0) ack@ win 5", "found 'win'; expected the acknowledgment number"),
    ("0 > . 1:1(0) ack 1 win @70000", "the window is out of range: '70000'; expected 0 to 65535"),
    ("0 < . 1:1(0) ack 1@", "the script ends; expected 'win' and a window, which an inbound segment must have"),
    ("0 < . 1:1(0) win 5 <@...>", "found '...' as the options of an inbound packet; expected the options it carries"),
    ("0 > . 1:1(0) @[code 1, pen 2]", "found a diagnostic payload; expected it on a RST of 8 octets only"),
    ("0 > (ttl 5, @ttl 6) . 1:1(0)", "the ttl of the IP header is said twice"),
    ("0 > (tos 0x10, @ect0) . 1:1(0)", "the ecn of the IP header is said twice"),
    ("0 > (tos @0x100) . 1:1(0)", "the tos is out of range: '0x100'; expected 0 to 255"),
    ("0 < [@ect01] . 1:1(0) win 5", "found ect01 in an inbound packet; expected the one that it carries, ect0 or ect1"),
    ("0 > ipv4 @::1 > 1.2.3.4: . 1:1(0)", "found '::1'; expected an address of IPv4"),
    ("0 > ipv4 1.2.3.4 > @1.2.3.400: . 1:1(0)", "found '1.2.3.400'; expected an address of IPv4"),
    ("0 > gre @> . 1:1(0)", "found '>'; expected ':' after the GRE header"),
    ("0 < icmp redirect @now", "found 'now'; expected no code, for 'redirect' has none"),
    ("0 < icmp unreachable [@ping]", "found 'ping'; expected a sequence range such as 1:1001(1000)"),
    ("0 > sctp: @5", "found '5'; expected a chunk such as INIT[...]"),
    ("0 > sctp: INIT @(5)", "found '('; expected '['"),
]  # fmt: skip

OPTIONS = [
    ("mss 1460,nop,@wsacle 7", "found 'wsacle'; expected an option of TCP; did you mean 'wscale'?"),
    ("mss @x", "found 'x'; expected the MSS"),
    ("mss @65536", "the MSS is out of range: '65536'; expected 0 to 65535"),
    ("wscale @256", "the shift count is out of range: '256'; expected 0 to 255"),
    ("mss 1460 @nop", "found 'nop'; expected ',' or '>' after an option; did you mean 'nop'?"),
    ("nop,nop,sack @nop", "found 'nop'; expected a block's left edge"),
    ("nop,nop,TS @1 ecr 0", "found '1'; expected 'val' after TS"),
    ("FO @xyz", "found 'xyz'; expected the cookie in hexadecimal digits"),
    ("FO @abc", "the cookie has an odd number of digits; expected two for each octet"),
    ("FO @" + "00" * 39, "the cookie has 39 octets; expected at most 38"),
    ("md5 @" + "00" * 17, "the digest has 17 octets; expected at most 16"),
    ("AccECN0 @eceb 1", "found 'eceb'; expected 'ee0b' before it"),
    ("ECN @ceb 1", "found 'ceb'; expected 'e0b' or 'e1b' after ECN"),
    ("@gen-256 00", "the option's number is out of range: 'gen-256'; expected 8 bits after gen-, 16 after exp-"),
]  # fmt: skip

ALL = [*HEAD, *QUOTATIONS, *CONDITIONS, *TIMES, *CALLS, *PACKETS, *((f"0 > S 0:0(0) <{a}>", b) for a, b in OPTIONS)]


@pytest.mark.parametrize(("marked", "message"), ALL)
def test_a_mistake_has_a_place_and_says_what_was_expected(marked: str, message: str) -> None:
    at = marked.index("@")
    text = marked.replace("@", "", 1)
    if text[at : at + 1] in {" ", "\n"}:
        at += 1
    lines = text[:at].split("\n")
    with pytest.raises(ScriptError) as caught:
        parse(text, "a.pkt")
    assert str(caught.value) == f"{Place('a.pkt', len(lines), len(lines[-1]) + 1)}: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "0 > S 0:0(0) <mss 1460,wscale 7>",
            "a.pkt:1:14: the options take 7 octets;"
            " expected a multiple of 4 (nop before or between them, or eol at the end)",
        ),
        (
            "0 > S 0:0(0) <TS val 1 ecr 2,TS val 1 ecr 2,TS val 1 ecr 2,TS val 1 ecr 2,nop,nop,nop,nop>",
            "a.pkt:1:14: the options take 44 octets; expected at most 40",
        ),
        ("0 > S 0:0(0) <020>", "a.pkt:1:15: the options has an odd number of digits; expected two for each octet"),
    ],
)
def test_options_fill_whole_words_of_a_header(text: str, message: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse(text, "a.pkt")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("0 > (tll 5) . 1:1(0)", "ttl"),
        ("0 > (dscp voiceadmit) . 1:1(0)", "voice-admit"),
        ("0 < icmp unreachble", "unreachable"),
        ("0 < icmp unreachable port_unreachabel", "port_unreachable"),
        ("0 getsokopt(3) = 0", "getsockopt"),
        ("0 > S 0:0(0) <sackok,nop,nop>", "sackOK"),
        ("--tolerance_usec=1", "--tolerance_usecs"),
    ],
)
def test_the_nearest_word_is_named(text: str, nearest: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse(text, "a.pkt")
    assert caught.value.nearest == nearest


def test_an_error_tells_its_parts() -> None:
    with pytest.raises(ScriptError) as caught:
        parse("0 close(3) = 0\n\n  +1 clsoe(3) = 0", "dir/a.pkt")
    error = caught.value
    assert (error.place, error.wrong, error.expected, error.nearest) == (
        Place("dir/a.pkt", 3, 6),
        "found 'clsoe'",
        "a system call",
        "close",
    )


def test_what_an_error_quotes_is_short() -> None:
    assert len(shown("x" * 1000)) <= 41
    assert shown("a\nb") == r"'a\nb'"
    assert nearest_word("x" * 100_000, ["close", "connect"]) == ""
    assert str(Place("a.pkt")) == "a.pkt"
