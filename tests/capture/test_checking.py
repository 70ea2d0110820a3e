"""Segments that RFC 9293 explains, and segments that it does not, one by one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.capture.spaces import MOST_RECENT, MOST_TEXT, End, Space, Store
from tcpsim.capture.verdict import KINDS, NOT_EXPLAINED, NOT_JUDGED, REASONS, UNUSUAL
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import segment
from tcpsim.tcp.seqnum import add
from tcpsim.tcp.units import MS, SECOND
from tests.capture.observed import C_ISS, S_ISS, Observed

ALL = Options(mss=1460, wscale=7, sack_ok=True, ts=(1, 0))


def opened(**settings: bool) -> Observed:
    return Observed(**settings).handshake()


def closed() -> Observed:
    return opened().client("FIN,ACK", 1, 1).server("FIN,ACK", 1, 2).client("ACK", 2, 2)


def opened_with_sack(*, complete: bool) -> Observed:
    return Observed(complete=complete).handshake(Options(sack_ok=True), Options(sack_ok=True))


def reported(seen: Observed, left: int, right: int) -> Observed:
    """A hundred octets are missing, a hundred come, and the server reports a block."""
    block = (add(C_ISS, left), add(C_ISS, right))
    return seen.client("ACK", 101, 1, 100).server("ACK", 1, 1, options=Options(sack=(block,)))


Tale = Callable[[], Observed]

TALES: dict[str, list[tuple[str, Tale]]] = {
    "bits.no-ack": [
        ("c", lambda: opened().client("PSH", 1, text=b"x")),
        ("c", lambda: opened().client("none", 1)),
    ],
    "bits.syn-rst": [("s", lambda: Observed().client("SYN").server("SYN,RST"))],
    "ack.syn-not-counted": [
        ("s", lambda: Observed().client("SYN").server("SYN,ACK", 0, 0)),
        ("c", lambda: Observed().client("SYN").server("SYN,ACK", 0, 1).client("ACK", 1, 0)),
    ],
    "syn-ack.wrong": [
        ("s", lambda: Observed().client("SYN").server("SYN,ACK", 0, 500)),
        ("s", lambda: Observed(complete=True).client("SYN").server("SYN,ACK", 0, -500)),
    ],
    "listen.no-syn": [("s", lambda: Observed().client("SYN").server("ACK", 0, 1))],
    "syn-sent.bad-ack": [
        ("c", lambda: Observed().client("SYN").see(1, segment("SYN,ACK", S_ISS, 77)).client("ACK", 1, 1)),
    ],
    "isn.below": [
        ("c", lambda: closed().see(1, segment("SYN", add(S_ISS, 900))).see(
            0, segment("SYN,ACK", add(C_ISS, -5), add(S_ISS, 901)))),
    ],
    "text.too-early": [
        ("c", lambda: Observed().client("SYN").client("PSH,ACK", 1, 0, b"early")),
        ("s", lambda: Observed().client("SYN").server("SYN,ACK", 0, 1).server("PSH,ACK", 1, 1, b"early")),
    ],
    "ack.unsent": [
        ("s", lambda: opened(complete=True).server("ACK", 1, 50)),
        ("s", lambda: opened().server("ACK", 1, 50).client("PSH,ACK", 1, 1, b"new")),
        ("s", lambda: opened().server("ACK", 1, 50)),
    ],
    "ack.hole": [
        ("s", lambda: opened(complete=True).client("ACK", 101, 1, 100).server("ACK", 1, 201)),
    ],
    "ack.before-iss": [("s", lambda: opened().server("ACK", 1, -9))],
    "ack.back": [
        ("s", lambda: Observed().handshake(ALL, ALL).client("ACK", 1, 1, 100, options=Options(ts=(3, 1)))
            .server("ACK", 1, 101, options=Options(ts=(5, 3))).server("ACK", 1, 51, options=Options(ts=(6, 3)))),
    ],
    "seq.before-iss": [("c", lambda: opened().client("PSH,ACK", -20, 1, b"old"))],
    "window.beyond": [
        ("c", lambda: opened().client("ACK", 1, 1, 500).server("ACK", 1, 501, wnd=100).client("ACK", 501, 1, 8_001)),
        ("c", lambda: opened().server("ACK", 1, 1, wnd=9_000).client("ACK", 9_500, 1)),
        # the windows of SYNs are not scaled (RFC 7323 2.2)
        ("c", lambda: Observed().client("SYN", options=ALL).server("SYN,ACK", 0, 1, options=ALL, wnd=1_000)
            .client("ACK", 1, 1, 1_100, options=Options(ts=(2, 1)))),
    ],
    "mss.beyond": [
        ("c", lambda: opened().client("ACK", 1, 1, 537)),
        ("c", lambda: Observed().handshake(Options(mss=1460), Options(mss=700)).client("ACK", 1, 1, 701)),
    ],
    "fin.text-after": [("c", lambda: opened().client("FIN,ACK", 1, 1).client("PSH,ACK", 2, 1, b"more"))],
    "fin.moved": [
        ("c", lambda: opened().client("FIN,ACK", 1, 1).client("FIN,ACK", 2, 1)),
        ("c", lambda: opened().client("PSH,ACK", 1, 1, b"four").client("FIN,ACK", 3, 1)),
    ],
    "text.changed": [
        ("c", lambda: opened().client("PSH,ACK", 1, 1, b"first").client("PSH,ACK", 1, 1, b"fjrst")),
        ("c", lambda: opened().client("ACK", 1, 1, b"first").client("ACK", 3, 1, b"rstx").client("ACK", 6, 1, b"y")),
    ],
    "rst.numbers": [
        ("s", lambda: Observed().client("SYN").see(1, segment("RST,ACK", 0, C_ISS))),
        ("s", lambda: opened().server("RST", 50_000)),
        ("s", lambda: opened().server("RST", -3)),
    ],
    "rst.of-rst": [
        ("s", lambda: Observed().see(0, segment("RST", 500)).see(1, segment("RST,ACK", 0, 500))),
        ("c", lambda: Observed().client("SYN").see(1, segment("RST,ACK", 0, add(C_ISS, 900)))
            .see(0, segment("RST", add(C_ISS, 900)))),
    ],
    "rst.text-after": [("c", lambda: opened().client("RST", 1).client("PSH,ACK", 1, 1, b"x"))],
    "scale.unasked": [("s", lambda: Observed().client("SYN").server("SYN,ACK", 0, 1, options=Options(wscale=2)))],
    "stamp.unasked": [
        ("s", lambda: Observed().client("SYN").server("SYN,ACK", 0, 1, options=Options(ts=(5, 0)))),
        ("c", lambda: opened().client("ACK", 1, 1, options=Options(ts=(5, 0)))),
    ],
    "stamp.absent": [("c", lambda: Observed().handshake(ALL, ALL).client("PSH,ACK", 1, 1, b"x"))],
    "stamp.echo": [
        ("c", lambda: Observed(complete=True).handshake(ALL, ALL).client("ACK", 1, 1, 1, options=Options(ts=(3, 99)))),
    ],
    "sack.unasked": [
        ("s", lambda: reported(opened(), 101, 201)),
    ],
    "sack.unsent": [
        ("s", lambda: reported(opened_with_sack(complete=True), 101, 301)),
        ("s", lambda: reported(opened_with_sack(complete=False), 101, 301)),
    ],
    "sack.empty": [
        ("s", lambda: reported(opened_with_sack(complete=False), 201, 101)),
    ],
    "bits.syn-fin": [("c", lambda: Observed().client("SYN,FIN"))],
    "isn.same": [
        ("c", lambda: closed().client("SYN")),
        ("s", lambda: closed().see(0, segment("SYN", 5)).see(1, segment("SYN,ACK", S_ISS, 6))),
        ("c", lambda: opened().client("ACK", 1, 1, b"old").client("SYN").client("ACK", 1, 1, b"new")),
    ],
    "syn-ack.another": [
        ("s", lambda: Observed().client("SYN").server("SYN,ACK", 0, 1).see(
            1, segment("SYN,ACK", 9, add(C_ISS, 1)))),
    ],
    "syn-ack.old": [
        ("s", lambda: Observed().client("SYN").server("SYN,ACK", 0, -500)),
    ],
    "syn.text": [("c", lambda: Observed().client("SYN", text=b"x"))],
    "ack.left": [("s", lambda: opened().client("ACK", 1, 1, 100).server("ACK", 1, 101).server("ACK", 1, 51))],
    "window.shrunk": [("s", lambda: opened().server("ACK", 1, 1, wnd=7_000))],
    "window.probe": [
        ("c", lambda: Observed().client("SYN").server("SYN,ACK", 0, 1, wnd=0).client("ACK", 1, 1)
            .client("ACK", 1, 1, 5)),
    ],
    "mss.offload": [
        ("c", lambda: Observed(exact=False).handshake(Options(mss=1460), Options(mss=700)).client("ACK", 1, 1, 1_400)),
        ("c", lambda: Observed().handshake(Options(mss=700), Options(mss=700)).client("ACK", 1, 1, 1_400)),
    ],
    "scale.large": [("c", lambda: Observed().client("SYN", options=Options(wscale=15)))],
    "stamp.back": [
        ("c", lambda: Observed().handshake(ALL, ALL).client("ACK", 1, 1, 1, options=Options(ts=(9, 1)))
            .client("ACK", 2, 1, 1, options=Options(ts=(8, 1)))),
    ],
    "rst.stale": [
        ("c", lambda: opened().client("ACK", 1, 1, 100).server("ACK", 1, 101).client("RST", 50)),
    ],
    "time-wait.short": [("c", lambda: closed().server("FIN,ACK", 1, 2, after=SECOND).client("RST", 2))],
    "timer.no-backoff": [
        ("c", lambda: opened().client("ACK", 1, 1, 9).client("ACK", 1, 1, 9, after=SECOND)
            .client("ACK", 1, 1, 9, after=SECOND).client("ACK", 1, 1, 9, after=SECOND)),
    ],
    "syn.late": [("c", lambda: opened().client("SYN"))],
    "capture.late": [
        ("c", lambda: Observed().client("ACK", 5, 5, 10)),
        ("s", lambda: Observed().server("SYN,ACK", 0, 1)),
        ("c", lambda: Observed().client("RST", 5)),
    ],
    "capture.gap": [
        ("s", lambda: opened().server("ACK", 1, 50).client("ACK", 50, 1, 10)),
        ("s", lambda: opened().client("ACK", 101, 1, 100).server("ACK", 1, 201)),
    ],
    "capture.order": [("s", lambda: opened().server("ACK", 1, 11).client("ACK", 1, 1, 10, after=MS // 2))],
}  # fmt: skip
"""For each reason tales that end with it, and who is to blame."""


@pytest.mark.parametrize(
    ("reason", "side", "tale"), [(reason, side, tale) for reason, tales in TALES.items() for side, tale in tales]
)
def test_a_segment_is_judged_for_this_reason(reason: str, side: str, tale: Tale) -> None:
    assert f"{side} {reason}" in tale().said()


def test_every_reason_has_a_tale() -> None:
    assert set(REASONS) == {*TALES, "capture.itself", "capture.crowded"}


def test_reasons_cite_a_paragraph_and_say_a_sentence() -> None:
    for reason in REASONS.values():
        assert reason.kind in KINDS
        assert reason.cite.startswith("RFC ") or reason.kind == NOT_JUDGED
        assert reason.sentence.endswith(".")


FINE: dict[str, Tale] = {
    "an exchange and four segments": lambda: opened().client("PSH,ACK", 1, 1, b"ping").server("PSH,ACK", 1, 5, b"pong")
        .client("FIN,ACK", 5, 5).server("ACK", 5, 6).server("FIN,ACK", 5, 6).client("ACK", 6, 6),
    "a FIN lost, and both lost before the capture": lambda: opened().client("FIN,ACK", 1, 1)
        .client("FIN,ACK", 1, 1, after=SECOND).server("ACK", 1, 2),
    "text repackaged": lambda: opened().client("ACK", 1, 1, b"abcd").client("ACK", 3, 1, b"cdef").client(
        "ACK", 1, 1, b"abcdefgh"),
    "a keep-alive with a garbage octet": lambda: opened().client("ACK", 1, 1, b"a").server("ACK", 1, 2)
        .client("ACK", 1, 1, b"?"),
    "a keep-alive just after the handshake": lambda: opened().client("ACK", 0, 1).server("ACK", 1, 1),
    "what was lost before the capture, and comes again": lambda: opened().client("ACK", 101, 1, 100)
        .server("ACK", 1, 1).client("ACK", 1, 1, 100).server("ACK", 1, 201),
    "one octet into a window of zero": lambda: opened().client("ACK", 1, 1, 100).server("ACK", 1, 101, wnd=7_900)
        .client("ACK", 101, 1, 500),
    "simultaneous open": lambda: Observed().client("SYN").server("SYN").client("SYN,ACK", 0, 1).server("SYN,ACK", 0, 1)
        .client("ACK", 1, 1),
    "half-open: Figure 9": lambda: opened().client("PSH,ACK", 1, 1, b"x").server("ACK", 1, 2)
        .see(0, segment("SYN", 400)).server("ACK", 1, 2).client("RST", 2).see(0, segment("SYN", 400)),
    "half-open: Figure 10": lambda: opened().server("PSH,ACK", 1, 1, b"data").client("RST", 1),
    "an old duplicate SYN: Figure 11": lambda: Observed().client("SYN").server("SYN,ACK", 0, 1).client("RST", 1),
    "refused": lambda: Observed().client("SYN").see(1, segment("RST,ACK", 0, add(C_ISS, 1))),
    "a SYN,ACK that acknowledges another SYN is refused": lambda: Observed().see(0, segment("SYN", 76))
        .client("SYN").see(1, segment("SYN,ACK", S_ISS, 77)).see(0, segment("RST", 77)),
    "aborted in both directions at once": lambda: opened().client("RST", 1).server("RST", 1),
    "Fast Open: the server answers what came with the SYN": lambda: Observed()
        .client("SYN", text=b"GET", options=Options(fastopen=b"12345678")).server("SYN,ACK", 0, 4)
        .server("PSH,ACK", 1, 4, b"200").client("ACK", 4, 4),
    "Fast Open: the data is not taken": lambda: Observed()
        .client("SYN", text=b"GET", options=Options(fastopen=b"12345678")).server("SYN,ACK", 0, 1)
        .client("PSH,ACK", 1, 1, b"GET").server("ACK", 1, 4),
    "SACK and a D-SACK": lambda: Observed().handshake(Options(sack_ok=True), Options(sack_ok=True))
        .client("ACK", 101, 1, 100).server("ACK", 1, 1, options=Options(sack=((add(C_ISS, 101), add(C_ISS, 201)),)))
        .client("ACK", 1, 1, 100).client("ACK", 1, 1, 100)
        .server("ACK", 1, 201, options=Options(sack=((add(C_ISS, 1), add(C_ISS, 101)),))),
    "a FIN of one octet beyond the window": lambda: opened().server("ACK", 1, 1).client("FIN,ACK", 1, 1),
    "TIME-WAIT is over": lambda: closed().server("FIN,ACK", 1, 2, after=61 * SECOND).client("RST", 2),
    "a new connection on the same ports": lambda: closed().see(0, segment("SYN", 5_000)).see(
        1, segment("SYN,ACK", add(S_ISS, 10), 5_001)).see(0, segment("ACK", 5_001, add(S_ISS, 11))),
    "a RST without timestamps": lambda: Observed().handshake(ALL, ALL).client("RST", 1),
}  # fmt: skip


@pytest.mark.parametrize("tale", FINE.values(), ids=FINE)
def test_what_is_right_is_not_spoken_of(tale: Tale) -> None:
    assert tale().said() == []


def test_what_is_unusual_or_not_judged_does_not_make_a_connection_unexplained() -> None:
    for reason, tales in TALES.items():
        for _, tale in tales:
            verdict = tale().concluded()
            if REASONS[reason].kind == NOT_EXPLAINED:
                assert not verdict.explained
                assert verdict.first is not None
            elif REASONS[reason].kind == UNUSUAL:
                assert verdict.explained, reason


def test_what_was_not_explained_is_no_measure_for_what_follows() -> None:
    forged = opened().client("PSH,ACK", 1, -20_000, b"evil").client("PSH,ACK", 1, 1, b"good").server("ACK", 1, 5)
    assert forged.said() == ["c ack.before-iss"]


# ---------------------------------------------------------------------- whatever comes

NUMBERS = st.sampled_from([-1, 0, 1, 2, 5, 9, 60_000, 70_000, 1 << 31])
OPTIONS = st.none() | st.builds(
    Options,
    mss=st.none() | st.sampled_from([0, 536, 1460]),
    wscale=st.none() | st.sampled_from([0, 7, 255]),
    sack_ok=st.booleans(),
    ts=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3)),
    sack=st.sampled_from([(), ((C_ISS, 4),), ((5, 5),), ((S_ISS, add(S_ISS, 9)),)]),
)
SEEN = st.tuples(
    st.integers(0, 1), st.integers(0, 63), NUMBERS, NUMBERS, st.sampled_from([b"", b"x", b"text"]),
    st.sampled_from([0, 1, 8_000, 65_535]), OPTIONS,
)  # fmt: skip


@given(st.lists(SEEN, max_size=25), st.booleans())
def test_whatever_is_seen_is_judged(
    packets: list[tuple[int, int, int, int, bytes, int, Options | None]], complete: bool
) -> None:
    seen = Observed(complete=complete)
    for side, ctl, seq, ack, text, wnd, options in packets:
        own, peer = seen.bases[side], seen.bases[1 - side]
        seen.see(side, segment(ctl, add(own, seq), add(peer, ack) if ctl & 16 else 0, wnd, text, options))
    verdict = seen.concluded()
    assert verdict.frames == len(packets)
    assert json.loads(json.dumps(verdict.as_json()))["explained"] is verdict.explained
    assert verdict.opened
    assert verdict.closed


def test_what_is_kept_has_bounds() -> None:
    store = Store()
    space = Space(0, True, store)
    for number in range(2_000):
        space.send(number * 2_000 + 1_000, number * 2_000 + 2_000)
        space.keep(number * 2_000 + 1_000, bytes(1_000))
    assert len(space.holes) <= MOST_RECENT
    assert store.kept <= MOST_TEXT
    space.forget_text()
    assert store.kept == 0
    end = End()
    for number in range(2_000):
        end.begin(number, True, store)
        end.remember(segment("ACK", 1, number), ack=True, reset=False)
    assert len(end.spaces) == End.MOST_SPACES
    assert len(end.acks) == MOST_RECENT


def test_the_judgements_that_are_kept_are_bounded_and_the_others_counted() -> None:
    seen = opened()
    for _ in range(300):
        seen.client("PSH", 1, text=b"x")
    verdict = seen.concluded()
    assert verdict.counts[NOT_EXPLAINED] == 300
    assert len(verdict.judgements) == 100
