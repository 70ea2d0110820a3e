"""TCP Fast Open (RFC 7413): cookies, data in a SYN, what is answered to it, and what is sent again."""

from __future__ import annotations

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.actions import Action, Deliver, Signal
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import ESTABLISHED, FIN_WAIT_1, SYN_RECEIVED
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.fastopen import COOKIE_OCTETS, cookie_for
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment, ctl_name, segment
from tcpsim.tcp.units import MS, SECOND
from tests.tcp.reach import LOCAL, NUMBERS, REMOTE

GOOD = cookie_for("tcpsim", LOCAL[0])
Told = tuple[str, int, int, int, bytes | None]

pytestmark = pytest.mark.parametrize("numbers", NUMBERS)


def client(numbers: tuple[int, int], cookie: bytes | None = None, **knobs: object) -> Endpoint:
    end = Endpoint(profile("plain", iss=numbers[0], **{"fast_open": "client", **knobs}), LOCAL, REMOTE, observed=True)
    end.fast_cookie = cookie
    return end


def server(numbers: tuple[int, int], **knobs: object) -> Endpoint:
    end = Endpoint(profile("plain", iss=numbers[1], **{"fast_open": "server", **knobs}), observed=True)
    end.open(0, active=False)
    end.read(0)
    end.bind(REMOTE, LOCAL)
    return end


def told(end: Endpoint, actions: list[Action], irs: int = 0) -> list[Told]:
    """Each segment: control bits, SEQ from its sender's ISS, ACK from the peer's, octets, its cookie."""
    return [
        (
            ctl_name(action.ctl), (action.seq - end.iss) % 2**32, (action.ack - irs) % 2**32 if action.ctl & 16 else 0,
            action.length, None if action.options is None else action.options.fastopen,
        )
        for action in actions
        if isinstance(action, Segment)
    ]  # fmt: skip


def segments(actions: list[Action]) -> list[Segment]:
    return [action for action in actions if isinstance(action, Segment)]


def texts(actions: list[Action]) -> list[bytes | None]:
    return [action.text for action in actions if isinstance(action, Deliver)]


def test_without_a_cookie_the_syn_asks_for_one_and_the_data_waits(numbers: tuple[int, int]) -> None:
    end = client(numbers)
    assert told(end, end.open(0, active=True, data=b"hello")) == [("SYN", 0, 0, 0, b"")]
    ours = segments(server_end := server(numbers).segment_arrives(0, segments_of(end)[0]))[0]
    assert ours.why is why.FAST_OPEN_COOKIE
    assert ours.options is not None
    assert ours.options.fastopen == GOOD
    assert texts(server_end) == []
    answer = end.segment_arrives(100 * MS, ours)
    assert told(end, answer, numbers[1]) == [("PSH,ACK", 1, 1, 5, None)]
    assert end.fast_cookie == GOOD


def segments_of(end: Endpoint) -> list[Segment]:
    """The SYN of an endpoint in SYN-SENT, as it went out."""
    asked = Endpoint(end.cfg, LOCAL, REMOTE)
    return segments(asked.open(0, active=True))


def test_a_good_cookie_carries_data_that_is_taken_before_the_handshake_is_complete(numbers: tuple[int, int]) -> None:
    one, two = client(numbers, GOOD), server(numbers)
    (syn,) = segments(one.open(0, active=True, data=b"GET /"))
    assert syn.why is why.FAST_OPEN_SYN
    assert (syn.text, syn.length, syn.seg_len) == (b"GET /", 5, 6)
    answer = two.segment_arrives(50 * MS, syn)
    assert (two.state, texts(answer)) == (SYN_RECEIVED, [b"GET /"])
    assert told(two, answer, numbers[0]) == [("SYN,ACK", 0, 6, 0, None)]
    assert segments(answer)[0].why is why.FAST_OPEN_TAKEN
    early = two.send(50 * MS, b"200 OK")
    assert told(two, early, numbers[0]) == [("PSH,ACK", 1, 6, 6, None)], "an answer need not wait for the handshake"
    assert two.send(50 * MS, 10) != [], "a second one neither: the SYN,ACK holds nothing back"
    opened = one.segment_arrives(100 * MS, segments(answer)[0])
    assert told(one, opened, numbers[1]) == [("ACK", 6, 1, 0, None)]
    assert one.state is ESTABLISHED
    (ack,) = segments(one.segment_arrives(100 * MS, segments(early)[0]))
    done = two.segment_arrives(150 * MS, ack)
    assert two.state is ESTABLISHED
    assert [a.what for a in done if isinstance(a, Signal)] == ["connection open"]
    assert two.snd_una == (numbers[1] + 7) % 2**32


def test_nagle_does_not_hold_back_an_answer_for_the_sake_of_the_syn(numbers: tuple[int, int]) -> None:
    one, two = client(numbers, GOOD), server(numbers, nagle=True)
    two.segment_arrives(0, segments(one.open(0, active=True, data=5))[0])
    assert [s.length for s in segments(two.send(0, 10))] == [10]
    assert segments(two.send(0, 10)) == [], "the first answer does"


def test_a_wrong_cookie_is_answered_with_the_right_one_and_the_data_goes_again_at_once(
    numbers: tuple[int, int],
) -> None:
    one, two = client(numbers, b"12345678"), server(numbers)
    (syn,) = segments(one.open(0, active=True, data=1000))
    room = 500 - len("x" * 12)
    assert syn.length == room, "what fits beside the option: 540 octets of mtu less the headers and 12 of options"
    answer = two.segment_arrives(50 * MS, syn)
    assert told(two, answer, numbers[0]) == [("SYN,ACK", 0, 1, 0, GOOD)]
    assert segments(answer)[0].why is why.FAST_OPEN_COOKIE
    assert texts(answer) == []
    again = one.segment_arrives(100 * MS, segments(answer)[0])
    assert told(one, again, numbers[1]) == [
        ("ACK", 1, 1, room, None), ("ACK", 1 + room, 1, 500, None), ("PSH,ACK", 501 + room, 1, 500 - room, None),
    ]  # fmt: skip
    assert segments(again)[0].why is why.FAST_OPEN_REPEATED
    assert one.fast_cookie == GOOD
    delivered = sum(a.length for s in segments(again) for a in two.segment_arrives(150 * MS, s) if type(a) is Deliver)
    assert delivered == 1000, "what was queued beside the SYN is not delivered twice"


def test_what_a_server_that_does_not_keep_text_lost_comes_again_in_parts(numbers: tuple[int, int]) -> None:
    one, two = client(numbers, b"12345678"), server(numbers, listen_keeps_text=False, fast_open="off")
    (syn,) = segments(one.open(0, active=True, data=2000))
    (syn_ack,) = segments(two.segment_arrives(50 * MS, syn))
    assert syn_ack.options is None
    again = one.segment_arrives(100 * MS, Segment(syn_ack.seq, syn_ack.ack, syn_ack.ctl, 300))
    assert [s.length for s in segments(again)] == [488], "the window is small: the oldest goes in any case"
    assert one.fast_cookie is None, "a server that takes no data and gives no cookie has Fast Open off (4.1.3.1)"


def test_a_syn_that_is_sent_again_goes_without_data_and_option(numbers: tuple[int, int]) -> None:
    one = client(numbers, GOOD)
    one.open(0, active=True, data=b"GET /")
    assert told(one, one.timeout(SECOND)) == [("SYN", 0, 0, 0, None)]
    assert one.fast_cookie is None
    two = server(numbers)
    (syn_ack,) = segments(two.segment_arrives(SECOND, segment("SYN", seq=numbers[0])))
    assert syn_ack.why is why.LISTEN_SYN
    answer = one.segment_arrives(SECOND, syn_ack)
    assert told(one, answer, numbers[1]) == [("PSH,ACK", 1, 1, 5, None)]


def test_the_syn_ack_of_fast_open_is_sent_again_and_the_answer_after_it(numbers: tuple[int, int]) -> None:
    one, two = client(numbers, GOOD), server(numbers)
    two.segment_arrives(0, segments(one.open(0, active=True, data=5))[0])
    two.send(0, 10)
    assert told(two, two.timeout(SECOND), numbers[0]) == [("SYN,ACK", 0, 6, 0, None)]
    ack = segment("ACK", seq=(numbers[0] + 6) % 2**32, ack=(numbers[1] + 1) % 2**32, wnd=4000)
    two.segment_arrives(SECOND, ack)
    again = two.timeout(two.next_timeout() or 0)
    assert told(two, again, numbers[0]) == [("PSH,ACK", 1, 6, 10, None)]


def test_a_syn_ack_that_is_sent_again_gives_no_cookie(numbers: tuple[int, int]) -> None:
    one, two = client(numbers), server(numbers)
    first = two.segment_arrives(0, segments(one.open(0, active=True))[0])
    assert told(two, first, numbers[0]) == [("SYN,ACK", 0, 1, 0, GOOD)]
    assert told(two, two.timeout(SECOND), numbers[0]) == [("SYN,ACK", 0, 1, 0, None)]


@pytest.mark.parametrize("knobs", [{"fast_open": "off"}, {"fast_open": "client"}])
def test_an_end_with_fast_open_off_takes_the_option_for_nothing(
    numbers: tuple[int, int], knobs: dict[str, str]
) -> None:
    one, two = client(numbers, GOOD), server(numbers, **knobs)
    answer = two.segment_arrives(0, segments(one.open(0, active=True, data=b"GET /"))[0])
    assert told(two, answer, numbers[0]) == [("SYN,ACK", 0, 1, 0, None)]
    assert texts(answer) == []


def test_a_cookie_that_the_client_did_not_ask_for_is_not_kept(numbers: tuple[int, int]) -> None:
    one = client(numbers, fast_open="server")
    assert told(one, one.open(0, active=True)) == [("SYN", 0, 0, 0, None)]
    reply = segment("SYN,ACK", seq=numbers[1], ack=(numbers[0] + 1) % 2**32, options=Options(fastopen=GOOD))
    one.segment_arrives(0, reply)
    assert one.fast_cookie is None


def test_a_good_cookie_without_data_is_a_plain_handshake(numbers: tuple[int, int]) -> None:
    one, two = client(numbers, GOOD), server(numbers)
    (syn,) = segments(one.open(0, active=True))
    assert (syn.length, syn.options) == (0, Options(fastopen=GOOD, kinds=("FO", "eol", "eol")))
    (syn_ack,) = segments(two.segment_arrives(0, syn))
    assert syn_ack.why is why.LISTEN_SYN
    assert not two.fast_opened


def test_in_a_simultaneous_open_nobody_gives_a_cookie(numbers: tuple[int, int]) -> None:
    one = client(numbers, GOOD, fast_open="both")
    one.open(0, active=True, data=b"x")
    answer = one.segment_arrives(0, segment("SYN", seq=numbers[1], options=Options(fastopen=GOOD)))
    assert told(one, answer, numbers[1]) == [("SYN,ACK", 0, 1, 0, None)]


def test_a_listener_without_a_peer_and_a_syn_without_the_option_are_plain(numbers: tuple[int, int]) -> None:
    two = server(numbers)
    two.remote = None
    (syn_ack,) = segments(two.segment_arrives(0, segments(client(numbers, GOOD).open(0, active=True, data=1))[0]))
    assert syn_ack.why is why.LISTEN_SYN
    two = server(numbers, mss_option="always")
    (syn_ack,) = segments(two.segment_arrives(0, segment("SYN", seq=numbers[0], options=Options(mss=500))))
    assert syn_ack.why is why.LISTEN_SYN


def test_a_close_beside_early_data_waits_for_the_handshake(numbers: tuple[int, int]) -> None:
    one, two = client(numbers, GOOD), server(numbers)
    two.segment_arrives(0, segments(one.open(0, active=True, data=b"GET /"))[0])
    two.send(0, 10)
    two.close(0)
    ack = segment("ACK", seq=(numbers[0] + 6) % 2**32, ack=(numbers[1] + 11) % 2**32, wnd=4000)
    two.segment_arrives(SECOND, ack)
    assert two.state is FIN_WAIT_1


def test_a_fork_of_a_fast_opened_end_behaves_alike(numbers: tuple[int, int]) -> None:
    one, two = client(numbers, GOOD), server(numbers)
    two.segment_arrives(0, segments(one.open(0, active=True, data=b"GET /"))[0])
    copy = two.fork()
    assert copy.key(0) == two.key(0)
    assert told(copy, copy.send(0, 3), numbers[0]) == told(two, two.send(0, 3), numbers[0])
    assert server(numbers).key(0) != two.key(0)


def test_cookies_are_of_the_address_and_the_secret(numbers: tuple[int, int]) -> None:
    del numbers
    assert len(GOOD) == COOKIE_OCTETS
    assert len({GOOD, cookie_for("tcpsim", REMOTE[0]), cookie_for("other", LOCAL[0])}) == 3
