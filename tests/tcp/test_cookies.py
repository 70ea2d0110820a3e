"""SYN cookies: the number, the timestamp, and two real endpoints with nothing kept between SYN and ACK."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.tcp import cookies
from tcpsim.tcp import rules as why
from tcpsim.tcp.actions import Discarded, Moved, Signal
from tcpsim.tcp.config import Config, profile
from tcpsim.tcp.cookies import MSS_TABLE, PERIOD, Offer, bake, counter, mss_index, stamp, taste, unstamp
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import ACK, ECE, SYN, Segment, segment
from tcpsim.tcp.seqnum import MASK
from tcpsim.tcp.units import MS, SECOND

SERVER = ("192.0.2.2", 80)
CLIENT = ("192.0.2.1", 49152)
IRS = MASK - 2
"""Just below the wrap, as every peer's in these tests."""

# ------------------------------------------------------------------ the sequence number


def test_the_layout_is_bernsteins() -> None:
    """Five bits of counter, three of MSS, twenty-four of hash, as the difference of the two initial numbers."""
    cookie = (bake("key", SERVER, CLIENT, IRS, 5, 33) - IRS) & MASK
    assert cookie >> 27 == 33 % 32
    assert cookie >> 24 & 7 == 5
    assert cookie & 0xFF_FFFF == (bake("key", SERVER, CLIENT, 0, 0, 33) & 0xFF_FFFF)


@pytest.mark.parametrize("index", range(8))
@pytest.mark.parametrize("count", [0, 1, 30, 31, 32, 33, 1 << 32])
def test_what_was_baked_is_recognised(index: int, count: int) -> None:
    iss = bake("key", SERVER, CLIENT, IRS, index, count)
    assert taste("key", SERVER, CLIENT, IRS, iss, count) == MSS_TABLE[index]
    assert taste("key", SERVER, CLIENT, IRS, iss, count + 1) == MSS_TABLE[index]


@pytest.mark.parametrize("later", [2, 3, 16, 31, 32, 33, 64])
def test_an_old_cookie_is_refused(later: int) -> None:
    """After 32 periods the five bits are the same again, but the hash, in which the whole counter is, is not."""
    iss = bake("key", SERVER, CLIENT, IRS, 5, 7)
    assert taste("key", SERVER, CLIENT, IRS, iss, 7 + later) is None


def test_a_cookie_from_before_the_beginning_is_refused() -> None:
    iss = bake("key", SERVER, CLIENT, IRS, 5, 31)
    assert taste("key", SERVER, CLIENT, IRS, iss, 0) is None


@pytest.mark.parametrize(
    ("secret", "local", "remote", "irs", "off"),
    [
        ("other", SERVER, CLIENT, IRS, 0),
        ("key", ("192.0.2.3", 80), CLIENT, IRS, 0),
        ("key", SERVER, ("192.0.2.1", 49153), IRS, 0),
        ("key", SERVER, CLIENT, IRS + 1, 0),
        ("key", SERVER, CLIENT, IRS, 1),
        ("key", SERVER, CLIENT, IRS, -1),
    ],
)
def test_a_cookie_is_for_one_connection_request(
    secret: str, local: tuple[str, int], remote: tuple[str, int], irs: int, off: int
) -> None:
    iss = bake("key", SERVER, CLIENT, IRS, 5, 7)
    assert taste(secret, local, remote, irs & MASK, (iss + off) & MASK, 7) is None


@pytest.mark.parametrize(
    ("mss", "told"),
    [(1, 28), (28, 28), (535, 216), (536, 536), (1219, 536), (1459, 1440), (1460, 1460), (8960, 1460), (65_535, 1460)],
)
def test_the_mss_is_rounded_down(mss: int, told: int) -> None:
    assert MSS_TABLE[mss_index(mss)] == told


def test_the_counter_moves_every_64_seconds() -> None:
    assert [counter(time) for time in (0, PERIOD - 1, PERIOD, 64 * SECOND * 40)] == [0, 0, 1, 40]


# ------------------------------------------------------------------ the timestamp


@pytest.mark.parametrize("clock", [0, 1, 63, 64, 12_345, 12_352, MASK])
@pytest.mark.parametrize("scale", [None, 0, 7, 14])
@pytest.mark.parametrize("sack", [False, True])
@pytest.mark.parametrize("ecn", [False, True])
def test_a_timestamp_tells_the_offer_and_never_the_future(clock: int, scale: int | None, sack: bool, ecn: bool) -> None:
    offer = Offer(scale, sack, ecn)
    value = stamp(clock, offer)
    assert unstamp(value) == offer
    assert 0 <= (clock - value) & MASK < 64


# ------------------------------------------------------------------ two endpoints


def handshake(client: dict[str, Any], server: dict[str, Any], later: int = 100 * MS) -> tuple[Endpoint, Endpoint, Any]:
    """Let a client meet cookies; return it, the server's end, and what that one did as the ACK came."""
    cfg = profile("rfc9293", **server)
    ours = Endpoint(profile("rfc9293", **({"iss": IRS} | client)), CLIENT, SERVER)
    [syn] = ours.open(SECOND, active=True)
    assert isinstance(syn, Segment)
    answer = cookies.answer(cfg, SECOND, SERVER, CLIENT, syn)
    ack = next(each for each in ours.segment_arrives(SECOND + later, answer) if isinstance(each, Segment))
    now = SECOND + 2 * later
    mss = cookies.tasted(cfg, now, SERVER, CLIENT, ack)
    assert mss is not None
    end = Endpoint(cfg, SERVER, CLIENT, observed=True)
    end.open(now, active=False)
    return ours, end, cookies.establish(end, now, ack, mss)


ALL: dict[str, Any] = {
    "mss": 1452, "mss_option": "always", "window_scale": 7, "sack": True, "timestamps": True, "ecn": "on",
}  # fmt: skip


def test_an_ack_with_a_cookie_walks_the_diagram_and_nothing_else_happens() -> None:
    ours, end, did = handshake({}, {})
    assert [(str(each.edge), each.why) for each in did if isinstance(each, Moved)] == [
        ("LISTEN --[rcv SYN]--> SYN-RECEIVED", why.COOKIE_TAKEN),
        ("SYN-RECEIVED --[rcv ACK of SYN]--> ESTABLISHED", why.ACK_OF_SYN),
    ]
    assert [each.what for each in did if isinstance(each, Signal)] == ["connection open"]
    assert len(did) == 3, "no segment and no timer"
    assert end.state is ESTABLISHED
    assert end.next_timeout() is None
    assert (end.irs, end.rcv_nxt, end.snd_una, end.snd_nxt) == (IRS, IRS + 1, ours.rcv_nxt, ours.rcv_nxt)
    assert end.cfg.iss is None, "the number of one connection is no knob of the next"
    assert end.rto == end.cfg.rto_initial, "the moment between the two shows no round trip"


def test_what_timestamps_carry_is_recovered() -> None:
    ours, end, _ = handshake(ALL, ALL)
    assert (end.snd_scale, end.rcv_scale, end.sack_ok, end.ts_ok, end.ecn_ok) == (7, 7, True, True, True)
    assert end.snd_mss == 1440 - 12
    assert end.ts_recent != 0
    assert (ours.snd_scale, ours.sack_ok, ours.ts_ok, ours.ecn_ok) == (7, True, True, True)
    assert 200 * MS <= end.srtt < 264 * MS, "TSval trails the clock by 63 ticks at most"


@pytest.mark.parametrize("kind", ["client", "server", "no options"])
def test_without_timestamps_all_but_the_mss_is_lost(kind: str) -> None:
    plain = ALL | {"timestamps": False}
    refuses = ALL | {"no_options": True, "ecn": "off"}
    ours, end, _ = handshake(
        plain if kind == "client" else ALL, {"client": ALL, "server": plain, "no options": refuses}[kind]
    )
    for each in (ours, end):
        assert (each.scaling, each.sack_ok, each.ts_ok, each.ecn_ok) == (False, False, False, False)
    assert end.snd_mss == 1440


def test_a_syn_without_options_is_taken_by_the_defaults() -> None:
    _, end, _ = handshake({"mss_option": "never"}, {})
    assert end.snd_mss == 536


def test_each_offer_is_recovered_alone() -> None:
    for name, off in (("window_scale", None), ("sack", False), ("ecn", "off")):
        _, end, _ = handshake(ALL | {name: off}, ALL)
        found = (end.scaling, end.sack_ok, end.ecn_ok)
        assert found == (name != "window_scale", name != "sack", name != "ecn")
        assert end.ts_ok


def test_text_beside_the_ack_is_taken() -> None:
    cfg = Config()
    syn = segment("SYN", seq=IRS)
    answer = cookies.answer(cfg, 0, SERVER, CLIENT, syn)
    ack = segment("PSH,ACK", seq=IRS + 1, ack=answer.seq + 1, text=b"hello")
    end = Endpoint(cfg, SERVER, CLIENT)
    end.open(0, active=False)
    cookies.establish(end, 0, ack, 536)
    assert end.rcv_nxt == (IRS + 6) & MASK


def test_text_that_comes_before_its_beginning_shows_no_cookie() -> None:
    """The price: if the first segment with text is lost, the second is no proof of anything."""
    cfg = Config()
    answer = cookies.answer(cfg, 0, SERVER, CLIENT, segment("SYN", seq=IRS))
    second = segment("ACK", seq=IRS + 1 + 536, ack=answer.seq + 1, text=536)
    assert cookies.tasted(cfg, 0, SERVER, CLIENT, second) is None


def test_the_answer_is_that_of_a_listener_but_for_its_number() -> None:
    cfg = profile("rfc9293", **ALL)
    options = Options(1452, 7, True, (5, 0))
    syn = Segment(IRS, 0, SYN | ECE | 0x80, 1000, 10, None, None, options)
    made = cookies.answer(cfg, 70 * SECOND, SERVER, CLIENT, syn)
    listener = Endpoint(cfg, SERVER, CLIENT)
    listener.open(70 * SECOND, active=False)
    [right] = listener.segment_arrives(70 * SECOND, syn)
    assert isinstance(right, Segment)
    assert (made.ctl, made.ack, made.wnd) == (right.ctl, right.ack, right.wnd)
    assert made.ctl == SYN | ACK | ECE
    assert made.why is why.COOKIE_SENT
    assert made.options is not None
    assert right.options is not None
    assert (made.options.mss, made.options.wscale, made.options.layout) == (1452, 7, right.options.layout)
    assert made.options.ts is not None
    assert made.options.ts[1] == 5


def test_every_cookie_of_a_secret_and_time_is_the_same() -> None:
    """Nothing is kept and nothing is drawn: a SYN that comes again is answered alike."""
    syn = segment("SYN", seq=IRS)
    assert cookies.answer(Config(), 5, SERVER, CLIENT, syn) == cookies.answer(Config(), 9, SERVER, CLIENT, syn)
    other = cookies.answer(profile("rfc9293", isn_secret="x"), 5, SERVER, CLIENT, syn)
    assert other != cookies.answer(Config(), 5, SERVER, CLIENT, syn)


# ------------------------------------------------------------------ the end of a handshake for which there is no room


@pytest.mark.parametrize("observed", [False, True])
def test_an_endpoint_tells_what_would_establish_it_and_can_refuse(observed: bool) -> None:
    end = Endpoint(profile("rfc9293", iss=MASK), SERVER, CLIENT, observed=observed)
    end.open(0, active=False)
    end.segment_arrives(0, segment("SYN", seq=IRS))
    before = end.key(0)
    ack = segment("ACK", seq=IRS + 1, ack=0)
    assert end.would_establish(0, ack)
    assert end.would_establish(0, segment("FIN,ACK", seq=IRS + 1, ack=0))
    others = [("ACK", IRS + 1, 1), ("ACK", IRS - 1, 0), ("RST", IRS + 1, 0), ("SYN", IRS, 0)]
    assert not any(end.would_establish(0, segment(ctl, seq=seq, ack=number)) for ctl, seq, number in others)
    assert end.key(0) == before
    did = end.refuse(0, ack)
    [reset] = [each for each in did if isinstance(each, Segment)]
    assert (repr(reset), reset.why) == ("<SEQ=0><CTL=RST>", why.ACCEPT_QUEUE_RESETS)
    assert [each.why for each in did if isinstance(each, Discarded)] == [why.ACCEPT_QUEUE_RESETS] * observed
    assert end.state is CLOSED
    assert not [each for each in did if isinstance(each, Signal)], "the user knows of no connection"
