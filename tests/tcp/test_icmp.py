"""ICMP errors (RFC 9293 3.9.2.2): soft, hard, and which are believed (RFC 5927); the path MTU (RFC 1191, RFC 8201)."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import CLOSED, CLOSING, ESTABLISHED, LAST_ACK, LISTEN, SYN_RECEIVED, SYN_SENT, TIME_WAIT, State
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.icmp import HARD, KINDS, PLATEAUS, SOFT, TOO_BIG, IcmpError
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import FIN
from tcpsim.tcp.seqnum import MASK
from tcpsim.tcp.units import SECOND
from tests.tcp.extended import last, opened, sent
from tests.tcp.flow import segments
from tests.tcp.reach import EVERY_STATE, LOCAL, SYNCHRONIZED, Line, Reached, fresh, moves, reach, stops, tells

Numbers = tuple[int, int]


def hears(it: Reached, kind: str, *, seq: int | None = None, mtu: int = 0) -> list[Line]:
    """An ICMP error arrives that quotes the segment at `seq`, counted from the ISS; by default the oldest one."""
    at = it.end.snd_una if seq is None else it.iss + seq
    return it.lines(it.end.icmp(it.now, IcmpError(kind, at, mtu)))


def flying(numbers: Numbers, state: State = ESTABLISHED, **knobs: Any) -> Reached:
    """An endpoint in this state with something outstanding: 5 octets, or our FIN, or our SYN."""
    if state in (SYN_SENT, SYN_RECEIVED):
        return reach(state, numbers, passive=False, **knobs)
    return reach(state, numbers, flight=5, **knobs)


# ------------------------------------------------------------------ the error itself


def test_an_error_is_a_value() -> None:
    error = IcmpError("port unreachable", 1 << 32 | 7)
    assert error == IcmpError("port unreachable", 7)
    assert error != IcmpError("port unreachable", 8)
    assert error != "port unreachable"
    assert len({error, IcmpError("port unreachable", 7), IcmpError("packet too big", 7, 1400)}) == 2
    assert repr(error) == "<ICMP port unreachable SEQ=7>"
    assert repr(IcmpError("packet too big", 7, 1400)) == "<ICMP packet too big SEQ=7 MTU=1400>"
    with pytest.raises(ValueError, match=r"expected a kind of ICMP error \(address unreachable, .*not 'bad luck'"):
        IcmpError("bad luck", 0)


def test_every_kind_is_one_sort_of_error() -> None:
    assert len(KINDS) == len(SOFT) + len(HARD) + len(TOO_BIG) + 1


# ------------------------------------------------------------------ RFC 5927 4.1: which are believed


@pytest.mark.parametrize("kind", ["host unreachable", "port unreachable", "fragmentation needed"])
def test_an_error_about_what_is_not_under_way_is_dropped(numbers: Numbers, kind: str) -> None:
    it = flying(numbers, icmp_hard_errors="always")
    key = it.end.key(0)
    for seq in (-1, 0, 6, 7, 1 << 31):
        assert hears(it, kind, seq=seq, mtu=576) == [], seq
    assert it.end.key(0) == key
    for seq in (1, 5):
        assert hears(it.fork(), kind, seq=seq, mtu=200), seq


def test_nothing_under_way_no_error(numbers: Numbers) -> None:
    it = reach(ESTABLISHED, numbers, icmp_hard_errors="always")
    assert hears(it, "port unreachable") == []
    assert it.state is ESTABLISHED


@pytest.mark.parametrize("state", [CLOSED, LISTEN, TIME_WAIT])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_states_in_which_there_is_nothing_to_believe(numbers: Numbers, state: State, kind: str) -> None:
    it = reach(state, numbers, icmp_hard_errors="always", icmp_soft_aborts_open=True)
    assert hears(it, kind) == []
    assert it.state is state


@pytest.mark.parametrize("state", EVERY_STATE, ids=str)
def test_source_quench_is_dropped_silently(numbers: Numbers, state: State) -> None:
    """MUST-55."""
    it = flying(numbers, state)
    assert hears(it, "source quench") == []


# ------------------------------------------------------------------ soft and hard


@pytest.mark.parametrize("kind", sorted(SOFT))
@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED, ESTABLISHED, CLOSING, LAST_ACK], ids=str)
def test_a_soft_error_ends_nothing_and_is_told(numbers: Numbers, state: State, kind: str) -> None:
    """MUST-56, SHLD-25."""
    it = flying(numbers, state)
    assert hears(it, kind) == [tells("network error", why.ICMP_SOFT, kind)]
    assert it.state is state


@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED], ids=str)
def test_a_soft_error_ends_an_opening_if_the_knob_says_so(numbers: Numbers, state: State) -> None:
    """RFC 5461 4.1."""
    it = flying(numbers, state, icmp_soft_aborts_open=True)
    assert hears(it, "net unreachable") == [
        moves(state, CLOSED, why.ICMP_ABORTS),
        stops("retransmission", why.ICMP_ABORTS),
        tells("destination unreachable", why.ICMP_ABORTS, "net unreachable"),
    ]
    it = flying(numbers, ESTABLISHED, icmp_soft_aborts_open=True)
    hears(it, "net unreachable")
    assert it.state is ESTABLISHED


@pytest.mark.parametrize("kind", sorted(HARD))
@pytest.mark.parametrize("policy", ["never", "unsynchronized", "always"])
@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED, *SYNCHRONIZED[:-1]], ids=str)
def test_a_hard_error(numbers: Numbers, state: State, policy: str, kind: str) -> None:
    """SHLD-26; RFC 5927 5.2 for the synchronized states."""
    it = flying(numbers, state, icmp_hard_errors=policy)
    if it.end.outstanding == 0:
        it.sends(5) if state.name in ("ESTABLISHED", "CLOSE_WAIT") else None
    if it.end.outstanding == 0:  # FIN-WAIT-2: nothing of ours is under way
        assert hears(it, kind) == []
        return
    lines = hears(it, kind)
    if policy == "always" or (policy == "unsynchronized" and state in (SYN_SENT, SYN_RECEIVED)):
        assert lines[0] == moves(state, CLOSED, why.ICMP_ABORTS)
        assert lines[-1] == tells("destination unreachable", why.ICMP_ABORTS, kind)
        assert not sent(it), "nobody is there to whom a RST could be sent"
    else:
        assert lines == [tells("network error", why.ICMP_SOFT, kind)]
        assert it.state is state


def test_outstanding_receives_are_returned(numbers: Numbers) -> None:
    it = flying(numbers, icmp_hard_errors="always")
    it.receives(10)
    assert tells("call failed", why.CALL_RETURNED, "RECEIVE: error: connection reset") in hears(it, "port unreachable")


@pytest.mark.parametrize("kind", ["port unreachable", "host unreachable"])
def test_after_a_passive_open_no_error_ends_an_opening(numbers: Numbers, kind: str) -> None:
    it = reach(SYN_RECEIVED, numbers, passive=True, icmp_hard_errors="always", icmp_soft_aborts_open=True)
    assert hears(it, kind) == [tells("network error", why.ICMP_SOFT, kind)]
    assert it.state is SYN_RECEIVED


# ------------------------------------------------------------------ path MTU discovery


def wide(numbers: Numbers, **knobs: Any) -> Reached:
    """An endpoint that has three whole segments of 1460 octets under way."""
    it = opened(numbers, Options(mss=1460), **({"initial_window": 3} | knobs))
    it.sends(3 * 1460)
    assert [segment.length for segment in sent(it)] == [1460] * 3
    return it


def test_what_is_outstanding_goes_again_at_once_in_segments_that_fit(numbers: Numbers) -> None:
    """RFC 1191 6.4: and that is no sign of congestion."""
    it = wide(numbers)
    window = it.end.cc.cwnd
    lines = hears(it, "fragmentation needed", seq=1461, mtu=1040)
    assert lines[0] == tells("path mtu", why.PATH_MTU_LOWERED, "1040")
    assert segments(lines) == [
        ("ACK", 1, 1000), ("ACK", 1001, 1000), ("ACK", 2001, 1000), ("ACK", 3001, 1000), ("PSH,ACK", 4001, 380),
    ]  # fmt: skip
    assert [segment.why for segment in sent(it)] == [why.PATH_MTU_LOWERED] + [why.RETRANSMIT_REST] * 4
    assert (it.end.snd_mss, it.end.path_mtu) == (1000, 1040)
    assert it.end.cc.cwnd == window
    it.arrives("ACK", wnd=60_000)
    it.sends(1500)
    assert [segment.length for segment in sent(it)] == [1000], "and new text, too"
    it.arrives("ACK", wnd=60_000)
    assert hears(it, "fragmentation needed", mtu=600) != [], "and it can be lowered again"


def test_the_echo_of_a_path_mtu_that_is_known_is_no_news(numbers: Numbers) -> None:
    it = wide(numbers)
    assert hears(it, "fragmentation needed", mtu=1500) == []
    assert hears(it, "fragmentation needed", mtu=9000) == []
    hears(it, "fragmentation needed", mtu=1040)
    assert hears(it, "fragmentation needed", mtu=1040) == [], "three segments were too big, and three errors come"
    assert it.end.snd_mss == 1000


def test_a_router_that_does_not_tell_its_mtu(numbers: Numbers) -> None:
    """RFC 1191 5 and 7: the next plateau."""
    it = wide(numbers)
    for plateau in (1492, 1006, 508, 296, 68):
        lines = hears(it, "fragmentation needed")
        assert lines[0] == tells("path mtu", why.PATH_MTU_LOWERED, f"{plateau}")
        assert it.end.snd_mss == plateau - 40
    assert hears(it, "fragmentation needed") == []
    assert PLATEAUS[-1] == 68


@pytest.mark.parametrize(("least", "told", "taken"), [(68, 10, 68), (552, 10, 552), (552, 551, 552), (552, 600, 600)])
def test_no_less_is_believed_than_the_knob_says(numbers: Numbers, least: int, told: int, taken: int) -> None:
    it = wide(numbers, path_mtu_min=least)
    hears(it, "fragmentation needed", mtu=told)
    assert it.end.path_mtu == taken


def test_without_discovery_it_is_a_hard_error(numbers: Numbers) -> None:
    """RFC 9293 3.9.2.2: codes 2 to 4."""
    it = wide(numbers, path_mtu_discovery=False)
    assert hears(it, "fragmentation needed", mtu=600) == [tells("network error", why.ICMP_SOFT, "fragmentation needed")]
    assert it.end.snd_mss == 1460
    it = wide(numbers, path_mtu_discovery=False, icmp_hard_errors="always")
    hears(it, "fragmentation needed", mtu=600)
    assert it.state is CLOSED


def test_a_syn_is_small_already_but_the_mtu_counts(numbers: Numbers) -> None:
    it = fresh(numbers, mss=1460)
    it.opens(active=True)
    assert hears(it, "fragmentation needed", mtu=1000) == [tells("path mtu", why.PATH_MTU_LOWERED, "1000")]
    it.arrives("SYN,ACK", options=Options(mss=1460))
    assert it.end.snd_mss == 960


def test_a_zero_window_takes_nothing_again(numbers: Numbers) -> None:
    it = wide(numbers)
    it.arrives("ACK", ack=1, wnd=0)
    assert hears(it, "fragmentation needed", mtu=1040) == [tells("path mtu", why.PATH_MTU_LOWERED, "1040")]
    assert it.end.persist_at < 1 << 62


def test_during_recovery(numbers: Numbers) -> None:
    it = wide(numbers)
    for _ in range(3):
        it.arrives("ACK", ack=1, wnd=60_000)
    assert it.end.in_recovery
    hears(it, "fragmentation needed", mtu=1040)
    assert not it.end.in_recovery
    assert it.end.recover == it.end.snd_max
    for _ in range(4):
        it.arrives("ACK", ack=1, wnd=60_000)
        assert not sent(it), "what goes again looks like no loss"


def test_what_the_peer_reports_to_have_does_not_go_again(numbers: Numbers) -> None:
    it = opened(numbers, Options(mss=1460, sack_ok=True), initial_window=4, sack=True)
    it.sends(4 * 1460)
    it.arrives("ACK", ack=1, wnd=60_000, options=Options(sack=(((it.iss + 601) & MASK, (it.iss + 4381) & MASK),)))
    lines = hears(it, "fragmentation needed", mtu=1040)
    assert segments(lines) == [("ACK", 1, 600), ("ACK", 4381, 1000), ("PSH,ACK", 5381, 460)]
    it.arrives("ACK", wnd=60_000)
    assert it.end.outstanding == 0


def test_a_fin_goes_again_with_the_text(numbers: Numbers) -> None:
    it = opened(numbers, Options(mss=1460))
    it.sends(1000)
    it.closes()
    lines = hears(it, "fragmentation needed", mtu=1000)
    assert segments(lines) == [("ACK", 1, 960), ("FIN,PSH,ACK", 961, 40)]
    assert last(it).ctl & FIN
    it.arrives("ACK", wnd=60_000)
    assert it.end.outstanding == 0


def test_a_path_mtu_during_fast_recovery_ends_what_it_inflated(numbers: Numbers) -> None:
    """RFC 6582 3.2, step 3: cwnd is at most ssthresh afterwards."""
    it = opened(numbers, Options(mss=1000), initial_window=10, mss=1000, mss_option="always", limited_transmit=False)
    it.sends(10_000)
    for _ in range(6):
        it.arrives("ACK", ack=1, wnd=60_000)
    assert (it.end.in_recovery, it.end.cc.cwnd, it.end.cc.ssthresh) == (1, 11_000, 5_000)
    hears(it, "fragmentation needed", mtu=540)
    assert (it.end.in_recovery, it.end.cc.cwnd, it.end.cc.ssthresh) == (0, 5_000, 5_000)


# ------------------------------------------------------------------ IPv6


def over_ipv6(numbers: Numbers, **knobs: Any) -> Reached:
    end = Endpoint(
        profile("rfc9293", iss=numbers[0], user_timeout=None, delayed_ack=0, **knobs),
        ("2001:db8::1", 49152), ("2001:db8::2", 80), observed=True,
    )  # fmt: skip
    it = Reached(end, *numbers)
    it.opens(active=True)
    return it


def test_the_least_mtu_of_ipv6(numbers: Numbers) -> None:
    """RFC 8201 4: "MUST NOT reduce its estimate of the Path MTU below the IPv6 minimum link MTU"."""
    it = over_ipv6(numbers)
    it.arrives("SYN,ACK", options=Options(mss=1440), wnd=60_000)
    assert it.end.snd_mss == 1440
    it.sends(1440)
    assert hears(it, "packet too big", mtu=1279) == [], "such a message MUST be discarded"
    assert hears(it, "packet too big", mtu=0) == [], "no router leaves it out over IPv6"
    assert (it.end.path_mtu, it.end.snd_mss) == (1500, 1440)
    hears(it, "packet too big", mtu=1280)
    assert (it.end.path_mtu, it.end.snd_mss) == (1280, 1220)
    assert hears(it, "packet too big", mtu=1280) == []


def test_headers_and_defaults_of_ipv6(numbers: Numbers) -> None:
    """RFC 9293 3.7.1, SHLD-5 and MUST-15: 1220 over IPv6."""
    for knobs, offered in (
        ({}, Options(mss=536)),
        ({"mss": 1220}, None),
        ({"mss": 1220, "mss_option": "always"}, Options(mss=1220)),
        ({"mss": "off"}, Options(mss=1440)),
        ({"mss": "off", "mtu": 65_535}, Options(mss=65_475)),
        ({"mss": "off", "mtu": 1280}, None),
    ):
        it = over_ipv6(numbers, **knobs)
        assert it.end.headers == 60
        assert last(it).options == offered
    it.arrives("SYN,ACK", wnd=60_000)
    assert it.end.snd_mss == 1220
    it = reach(ESTABLISHED, numbers)
    assert it.end.headers == 40
    assert Endpoint(profile("rfc9293"), None, None).headers == 40
    assert LOCAL[0] == "192.0.2.1"


def test_time_goes_on_after_an_error(numbers: Numbers) -> None:
    it = wide(numbers)
    hears(it, "fragmentation needed", mtu=1040)
    it.waits(SECOND)
    assert segments(it.lines(it.actions)) == [("ACK", 1, 1000)]
    assert [segment.why for segment in sent(it)] == [why.RETRANSMIT]
