"""Whatever text is given to the parser: a script, or a ScriptError with a place, and soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.packetdrill.parsing import parse
from tcpsim.packetdrill.places import ScriptError
from tcpsim.packetdrill.writing import format_script

SCRIPT = """\
// Written for these tests.
--ip_version=ipv4 --tolerance_usecs=5000
--define=FD=4
`../common/defaults.sh`
 0.000 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0.000 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0
+0.000 bind(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("192.168.0.1")}, ...) = 0
+0.000...0.020 connect(3, ..., ...) = -1 ECONNREFUSED (Connection refused)
#ifdef FreeBSD
+0.000 > [noecn] S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>
#else
* > SEW 0:0(0) <...>
#endif
+.1 < (ttl 64, tos 0x10) S. 0:0(0) ack 1 win 0 <mss 1460,sackOK,eol,eol> /udp(9899 > 9899)
+0~+0.1 > . 1:1(0) ack 1 win 1024 urg 7 <nop,nop,sack 1:2 3:4>
1 recvmsg(FD, {msg_name(...)=..., msg_iov(1)=[{..., 5}], msg_flags=MSG_OOB|MSG_PEEK}, 0x2) = 5 (a note)
1.5 < icmp unreachable frag_needed mtu 1200 [1:1001(1000)!]
2 %{ assert tcpi_snd_cwnd == 10, 'cwnd=%d' % tcpi_snd_cwnd }%
2 > ipv6 ::1 > 2001:db8::2: gre: mpls (label 5, tc 0, [S], ttl 9): . ...(0) <FO 0011,AccECN0 ee0b 1,nop,nop,nop>
3 > sctp: INIT[flgs=0, tag=1], DATA[val=...]
`cleanup`
"""
PIECES = [
    *SCRIPT.split(),
    *'<>{}[]()|,:;.~+-*!/=#%`"\\',
    "...",
    "%{",
    "}%",
    "/*",
    "*/",
    "//",
    "#if",
    "::",
    "\n",
    "\0",
    "-1",
]


def survives(text: str) -> None:
    """Parse; a script can be written and is the same again, and what is none is wrong at a place inside the text."""
    refused = None
    try:
        script = parse(text, "a.pkt", defines={"A": "4", "B": '"b"'}, predefined=["FreeBSD"])
    except ScriptError as error:
        refused = error
    if refused is None:
        assert parse(format_script(script), "a.pkt") == script
    else:
        assert refused.place.file == "a.pkt"
        assert 1 <= refused.place.line <= text.count("\n") + 1
        assert refused.place.column >= 1


def test_the_script_itself_is_one() -> None:
    assert len(parse(SCRIPT, "a.pkt", predefined=["FreeBSD"]).events) == 12
    survives(SCRIPT)


def test_a_script_cut_anywhere() -> None:
    for end in range(len(SCRIPT)):
        survives(SCRIPT[:end])
        survives(SCRIPT[end:])


def test_a_script_that_lacks_any_one_sign_or_has_it_twice() -> None:
    for at, sign in enumerate(SCRIPT):
        survives(SCRIPT[:at] + SCRIPT[at + 1 :])
        survives(SCRIPT[:at] + sign + SCRIPT[at:])


@given(st.text())
def test_any_text(text: str) -> None:
    survives(text)


@given(st.binary())
def test_any_octets(junk: bytes) -> None:
    survives(junk.decode("latin-1"))
    survives(junk.decode("utf-8", "surrogateescape"))


@given(st.lists(st.sampled_from(PIECES)), st.sampled_from(["", " ", "\n"]))
def test_pieces_of_scripts_in_any_order(pieces: list[str], between: str) -> None:
    survives("0 " + between.join(pieces))


@given(st.data())
def test_scripts_with_pieces_moved_and_replaced(data: st.DataObject) -> None:
    text = SCRIPT
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(st.sampled_from(PIECES) | st.just("")) + text[end:]
    survives(text)


@pytest.mark.parametrize(
    "text",
    [
        '"' * 99_999,
        "`" * 99_999,
        "%{" * 50_000,
        "#ifdef A\n#endif\n" * 5_000 + "%{" * 50_000,
        "/*" * 50_000,
        "#" * 100_000,
        "#ifdef A\n" * 20_000,
        "#ifdef C\n" + "#if" * 40_000,
        "1:" * 50_000,
        "1." * 50_000,
        ":" * 100_000,
        "1" * 100_000,
        "0x" + "f" * 100_000,
        "a" * 100_000,
        "exp-" * 25_000,
        "0 > S 0:0(0) <gen-" + "9" * 100_000 + ">",
        "0 > S 0:0(0) <exp-" + "f" * 100_000 + ">",
        "0 > S 0:0(0) <FO " + "ff" * 50_000 + ">",
        "0 > S 0:0(0) <" + "nop," * 25_000 + "nop>",
        "0 > S 0:0(0) <sack" + " 1:2" * 25_000 + ">",
        "0 > " + "ipv4 1.2.3.4 > 5.6.7.8: " * 5_000,
        "0 close(" + "{" * 50_000,
        "0 close(" + "[" * 50_000,
        "0 close(" + "htons(" * 20_000,
        "0 close(" + "a=" * 50_000 + "1) = 0",
        "0 close(" + "{a=" * 20_000,
        "0 close({(" + "[" * 50_000,
        "0 close(" + "1|" * 50_000 + "1) = 0",
        "0 close(" + '"a" ' * 25_000 + ") = 0",
        "0 close(3) = 0 (" + "a " * 50_000,
        "--define=A=" + "B" * 100_000 + " 0 `x`",
        "--define=" * 10_000,
        "0 close(3) = 0 " * 7_000,
        "\n" * 100_000 + "0 x",
    ],
)
def test_long_texts_are_read_in_linear_time(text: str) -> None:
    start = time.process_time()
    survives(text)
    assert time.process_time() - start < 10, "a quadratic pattern takes minutes, a linear one well below a second"
