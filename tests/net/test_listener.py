"""Listeners: the SYN queue, the accept queue, what each does when it is full, SYN cookies, counters."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from tcpsim.net import Network
from tcpsim.net.connection import Connection
from tcpsim.net.counters import COUNTERS, Occupancy, counters, occupancy
from tcpsim.net.listener import COOKIES, OVERFLOWS, Listener, Queues
from tcpsim.tcp import rules as why
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.cookies import PERIOD
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, SYN_SENT, TIME_WAIT
from tcpsim.tcp.icmp import IcmpError
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS, SECOND
from tcpsim.trace import Discarded, Note, Sent
from tests.net.talk import Talk


def crowd(size: int, backlog: int | None, **limits: Any) -> tuple[Talk, Listener, list[Connection]]:
    """So many clients connect at once to a listener with limits; its handshakes are over."""
    talk = Talk(**limits.pop("knobs", {}))
    listener = talk.server.listen(80, backlog=backlog, **limits)
    clients = [talk.client.connect(talk.server, 80) for _ in range(size)]
    talk.net.run("300ms")
    return talk, listener, clients


def queues(listener: Listener) -> Queues:
    assert listener.queues is not None
    return listener.queues


def discarded(talk: Talk) -> list[why.Rule | None]:
    return [each.why for each in talk.trace.of_kind(Discarded, "server")]


# ------------------------------------------------------------------ limits


def test_without_limits_a_listener_has_no_queues_and_accepts_all() -> None:
    talk, listener, clients = crowd(300, None)
    assert listener.queues is None
    assert {each.state for each in clients} == {ESTABLISHED}
    assert talk.calls("server") == [(1, "listen(80)", "")]
    with pytest.raises(ValueError, match="has no backlog: it accepts every connection by itself"):
        listener.accept()


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"backlog": -1}, "backlog: expected a number from 0 to 65535, not -1"),
        ({"syn_backlog": 0}, "syn_backlog: expected a number from 1 to 65535, not 0"),
        ({"backlog": 65_536}, "backlog: expected a number"),
        ({"backlog": 1, "overflow": "rest"}, "overflow: expected one of .*; did you mean 'reset'?"),
        ({"syn_cookies": "allways"}, "syn_cookies: expected one of off, when full, always, .*did you mean 'always'?"),
    ],
)
def test_a_bad_limit_is_refused_and_nobody_listens(limits: dict[str, Any], message: str) -> None:
    talk = Talk()
    with pytest.raises(ValueError, match=message):
        talk.server.listen(80, **limits)
    assert not talk.server.listeners
    with pytest.raises(TypeError, match="backlog: expected a whole number"):
        talk.server.listen(80, backlog="many")  # type: ignore[arg-type]  # that is the point


def test_knobs_change_for_those_who_are_to_come() -> None:
    talk = Talk()
    listener = talk.server.listen(80, backlog=4)
    listener.configure(backlog_counts="one more")
    assert queues(listener).limit == 5


def test_the_call_is_told_with_its_limits() -> None:
    talk = Talk()
    talk.server.listen(80, backlog=2, syn_backlog=3, overflow="reset", syn_cookies="always")
    assert talk.calls("server") == [
        (1, "listen(80, backlog=2, syn_backlog=3, overflow=reset, syn_cookies=always)", "")
    ]  # fmt: skip
    assert str(queues(talk.server.listeners[80])) == "SYN-RECV 0 of 3, Recv-Q 0, Send-Q 2"


# ------------------------------------------------------------------ accept


def test_who_is_established_waits_to_be_accepted_the_oldest_first() -> None:
    talk, listener, clients = crowd(3, 5)
    waiting = list(queues(listener).waiting)
    assert [each.remote for each in waiting] == [each.local for each in clients]
    assert str(queues(listener)) == "SYN-RECV 0, Recv-Q 3, Send-Q 5"
    assert talk.server.accept() is waiting[0]
    assert talk.server.accept(80) is waiting[1]
    assert listener.accept() is waiting[2]
    assert [call for _, call, _ in talk.calls("server")] == ["listen(80, backlog=5)", *["accept(80)"] * 3]
    assert not queues(listener).waiting


def test_an_accept_waits_for_a_connection() -> None:
    talk = Talk()
    listener = talk.server.listen(80, backlog=1)
    given: list[Connection] = []
    assert listener.accept(given.append) is None
    assert listener.accept(given.append) is None
    clients = [talk.client.connect(talk.server, 80) for _ in range(3)]
    talk.net.run("300ms")
    assert [each.remote for each in given] == [each.local for each in clients[:2]]
    assert len(queues(listener).waiting) == 1
    notes = [(each.connection, each.text) for each in talk.trace.of_kind(Note, "server")]
    assert notes == [(1, "accept(80) returns connection 1"), (2, "accept(80) returns connection 2")]


def test_without_a_listener_there_is_nothing_to_accept() -> None:
    talk = Talk()
    for port, words in ((None, "accept()"), (80, "accept(80)")):
        with pytest.raises(TcpError, match="connection does not exist"):
            talk.server.accept(port)
        assert talk.calls("server")[-1] == (None, words, "error: connection does not exist")


def test_nobody_reads_before_accept_and_the_application_hears_all_of_it_then() -> None:
    talk = Talk()
    heard: list[tuple[str, int]] = []
    listener = talk.server.listen(80, backlog=1, application=lambda each, what: heard.append((what, each.delivered)))
    mine = talk.client.connect(talk.server, 80)
    talk.net.run("200ms")
    mine.send(b"hello")
    mine.close()
    talk.net.run("400ms")
    [waits] = queues(listener).waiting
    assert (waits.state, waits.delivered, heard) == (CLOSE_WAIT, 0, [])
    assert waits.endpoint.rcv_user == 5, "TCP has acknowledged it; the application does not know yet"
    listener.accept()
    assert waits.received == b"hello"
    assert [what for what, _ in heard] == ["connection open", "data", "data readable", "connection closing"]
    assert heard[0] == ("connection open", 0)
    assert heard[-1] == ("connection closing", 5)


def test_an_application_that_does_not_read_does_not_after_accept() -> None:
    talk = Talk()
    listener = talk.server.listen(80, backlog=1, reading=False)
    mine = talk.client.connect(talk.server, 80)
    mine.send(b"hello")
    talk.net.run("400ms")
    taken = listener.accept()
    assert taken is not None
    assert (taken.delivered, taken.endpoint.reading) == (0, False)


def test_one_that_is_reset_while_it_waits_stays_in_the_queue() -> None:
    """As in Linux: accept returns it, and the application learns of the reset then."""
    talk, listener, clients = crowd(1, 1)
    clients[0].abort()
    talk.net.run("500ms")
    heard: list[str] = []
    listener.application = lambda _, what: heard.append(what)
    assert queues(listener).accept_queue_full
    taken = listener.accept()
    assert taken is not None
    assert taken.state is CLOSED
    assert heard == ["connection open", "connection reset"]


# ------------------------------------------------------------------ the SYN queue


def test_a_syn_that_finds_the_syn_queue_full_is_dropped_in_silence() -> None:
    talk, listener, clients = crowd(3, None, syn_backlog=2)
    assert [each.state for each in clients] == [ESTABLISHED, ESTABLISHED, SYN_SENT]
    assert discarded(talk) == [why.SYN_QUEUE_FULL]
    assert talk.sent("server") == ["server SYN,ACK 0 1"] * 2
    assert not queues(listener).half_open
    talk.net.run("2s")
    assert clients[2].state is ESTABLISHED, "its SYN came again after 1 s, and found room"
    assert len(listener.accepted) == 3


def test_half_open_connections_are_known_by_their_flow_and_by_no_table() -> None:
    talk = Talk()
    listener = talk.server.listen(80, syn_backlog=5)
    mine = talk.client.connect(talk.server, 80)
    talk.net.run("60ms")
    [(flow, half)] = queues(listener).half_open.items()
    assert (flow, half.state) == ((*mine.local, "192.0.2.2", 80), SYN_RECEIVED)  # type: ignore[misc]  # it has one
    assert str(queues(listener)) == "SYN-RECV 1 of 5"
    talk.net.run("1s")
    assert not queues(listener).half_open
    assert half.state is ESTABLISHED
    mine.send(b"x")
    talk.net.run("2s")
    assert half.received == b"x"


def test_a_syn_that_comes_again_is_answered_by_the_half_open_connection() -> None:
    talk = Talk(answer_duplicate_syn=True)
    listener = talk.server.listen(80, syn_backlog=1)
    for _ in range(2):
        talk.net.inject(("203.0.113.1", 5), ("192.0.2.2", 80), segment("SYN", seq=7), via="client")
    talk.net.run("100ms")
    assert len(queues(listener).half_open) == 1
    assert discarded(talk) == [why.DUPLICATE_SYN_ANSWERED]


def test_who_does_not_answer_leaves_the_syn_queue_when_the_retries_are_used() -> None:
    talk = Talk(synack_retries=1)
    listener = talk.server.listen(80, backlog=1, syn_backlog=1)
    talk.net.inject(("203.0.113.1", 5), ("192.0.2.2", 80), segment("SYN", seq=7), via="client")
    talk.net.run("2.9s")
    assert queues(listener).syn_queue_full
    talk.net.run("4s")
    assert not queues(listener).half_open
    assert talk.path("server", 1) == ["CLOSED", "LISTEN", "SYN-RECEIVED", "CLOSED"]
    assert not queues(listener).waiting


def test_a_reset_takes_a_connection_out_of_the_syn_queue_and_back_to_listen() -> None:
    talk = Talk()
    listener = talk.server.listen(80, backlog=1, syn_backlog=1)
    source, target = ("203.0.113.1", 5), ("192.0.2.2", 80)
    talk.net.inject(source, target, segment("SYN", seq=7), via="client")
    talk.net.inject(source, target, segment("RST", seq=8), via="client", delay="10ms")
    talk.net.run("200ms")
    assert not queues(listener).half_open
    assert talk.path("server", 1) == ["CLOSED", "LISTEN", "SYN-RECEIVED", "LISTEN"]
    assert listener.spare is talk.server.connections[1]
    mine = talk.client.connect(talk.server, 80)
    talk.net.run("1s")
    assert mine.state is ESTABLISHED
    assert queues(listener).waiting == [talk.server.connections[1]]


def test_an_icmp_error_and_a_corrupted_packet_find_the_half_open_connection() -> None:
    talk = Talk()
    listener = talk.server.listen(80, syn_backlog=1)
    mine = talk.client.connect(talk.server, 80)
    talk.net.run("60ms")
    [half] = queues(listener).half_open.values()
    assert mine.local is not None
    talk.server.arrive_icmp(talk.net.now, half.flow, IcmpError("host unreachable", half.endpoint.iss))
    assert [each.connection for each in talk.trace.of_kind(Note, "server")] == [half.number]


def test_a_new_incarnation_needs_no_place_in_the_syn_queue() -> None:
    """As in Linux: whoever had a connection is known to be there. If its SYN was old, TIME-WAIT is entered again."""
    talk = Talk(reuse_time_wait=True, msl="5s")
    listener = talk.server.listen(80, backlog=5, syn_backlog=1)
    mine = talk.client.connect(talk.server, 80, local_port=5000)
    talk.net.run("300ms")
    old = listener.accept()
    assert old is not None
    old.close()
    talk.net.run("600ms")
    mine.close()
    talk.net.run("900ms")
    assert str(old.state) == "TIME-WAIT"
    talk.net.inject(("203.0.113.1", 5), ("192.0.2.2", 80), segment("SYN", seq=7), via="client")
    talk.net.run("910ms")
    again = talk.client.connect(talk.server, 80, local_port=5000, iss=90_000)
    talk.net.run("970ms")
    assert len(queues(listener).half_open) == 2, "one more than it holds"
    talk.net.run("1.5s")
    assert str(again.state) == "ESTABLISHED"
    assert str(old.state) == "CLOSED"
    assert [each.remote for each in queues(listener).waiting] == [again.local]


def test_an_old_duplicate_for_a_connection_in_time_wait_gives_it_back() -> None:
    talk = Talk(reuse_time_wait=True, msl="5s")
    listener = talk.server.listen(80, syn_backlog=1)
    mine = talk.client.connect(talk.server, 80, local_port=5000)
    talk.net.run("300ms")
    old = listener.accepted[0]
    old.close()
    talk.net.run("600ms")
    mine.close()
    talk.net.run("900ms")
    assert old.state is TIME_WAIT
    source, target = ("192.0.2.1", 5000), ("192.0.2.2", 80)
    talk.net.inject(source, target, segment("SYN", seq=90_000), via="client")
    talk.net.inject(source, target, segment("RST", seq=90_001), via="client", delay="10ms")
    talk.net.run("1s")
    assert not queues(listener).half_open
    assert old.state is TIME_WAIT
    talk.net.inject(source, target, segment("FIN,ACK", seq=101, ack=302), via="client")
    talk.net.run("1.1s")
    assert discarded(talk)[-1] is why.FIN_AGAIN, "it is asked again"


# ------------------------------------------------------------------ the accept queue


@pytest.mark.parametrize(
    ("backlog", "counts", "holds"),
    [
        (0, "exactly", 0), (1, "exactly", 1), (4, "exactly", 4),
        (0, "one more", 1), (1, "one more", 2), (4, "one more", 5),
        (0, "three halves", 1), (1, "three halves", 2), (4, "three halves", 7), (5, "three halves", 8),
    ],
)  # fmt: skip
@pytest.mark.parametrize("overflow", ["drop ack", "reset"])
def test_the_accept_queue_holds_what_the_stack_makes_of_the_backlog(
    backlog: int, counts: str, holds: int, overflow: str
) -> None:
    _, listener, clients = crowd(10, backlog, overflow=overflow, knobs={"backlog_counts": counts})
    assert queues(listener).limit == holds
    assert len(queues(listener).waiting) == holds
    states = [each.state for each in clients]
    if holds:
        assert states == [ESTABLISHED] * holds + [CLOSED if overflow == "reset" else ESTABLISHED] * (10 - holds)
    else:
        assert states == [SYN_SENT] * 10, "no SYN is taken where nobody could be accepted"


def test_profiles_count_as_their_kernels_do() -> None:
    net = Network()
    found = [net.host(name, profile=name).config.backlog_counts for name in ("rfc9293", "plain", "linux", "freebsd")]
    assert found == ["exactly", "exactly", "one more", "three halves"]


def test_a_dropped_ack_leaves_the_client_connected_and_the_server_waiting() -> None:
    talk, listener, [first, second] = crowd(2, 1)
    assert (first.state, second.state) == (ESTABLISHED, ESTABLISHED)
    [half] = queues(listener).half_open.values()
    assert str(half.state) == "SYN-RECEIVED"
    assert discarded(talk) == [why.ACCEPT_QUEUE_FULL]
    second.send(b"hello")
    talk.net.run("500ms")
    assert discarded(talk) == [why.ACCEPT_QUEUE_FULL] * 2, "what comes with data would establish it too"
    listener.accept()
    talk.net.run("1.2s")
    assert str(half.state) == "ESTABLISHED", "the SYN,ACK went again after 1 s, and was answered"
    assert talk.trace.of_kind(Sent, "server")[2].retransmission == 1
    talk.net.run("3s")
    assert listener.accept() is half
    assert half.received == b"hello"


def test_while_the_accept_queue_is_full_syns_are_dropped() -> None:
    talk, _, _ = crowd(1, 1)
    late = talk.client.connect(talk.server, 80)
    talk.net.run("600ms")
    assert str(late.state) == "SYN-SENT"
    assert discarded(talk) == [why.LISTEN_CROWDED]
    talk.server.accept()
    talk.net.run("2s")
    assert str(late.state) == "ESTABLISHED"


def test_reset_ends_the_connection_at_both_ends() -> None:
    talk, listener, [first, second] = crowd(2, 1, overflow="reset")
    assert (first.state, second.state) == (ESTABLISHED, CLOSED)
    assert second.signals == ["connection open", "connection reset"]
    refused = talk.server.connections[2]
    assert refused.state is CLOSED
    assert refused.signals == [], "nobody has accepted it, and nobody is told"
    answer = talk.trace.of_kind(Sent, "server")[-1]
    assert (repr(answer.segment), answer.why) == ("<SEQ=301><CTL=RST>", why.ACCEPT_QUEUE_RESETS)
    assert discarded(talk) == [why.ACCEPT_QUEUE_RESETS]
    assert not queues(listener).half_open


def test_drop_syn_lets_those_in_who_have_begun() -> None:
    talk, listener, clients = crowd(3, 1, overflow="drop syn")
    assert {each.state for each in clients} == {ESTABLISHED}
    assert len(queues(listener).waiting) == 3
    late = talk.client.connect(talk.server, 80)
    talk.net.run("500ms")
    assert late.state is SYN_SENT
    assert discarded(talk) == [why.LISTEN_CROWDED]


def test_what_does_not_end_the_handshake_needs_no_room() -> None:
    """A RST, a SYN, a wrong ACK are judged as ever, however full the queue is."""
    talk, listener, clients = crowd(2, 1)
    assert clients[1].local is not None
    [half] = queues(listener).half_open.values()
    talk.net.inject(clients[1].local, ("192.0.2.2", 80), segment("ACK", seq=101, ack=999), via="client")
    talk.net.run("500ms")
    assert why.ACK_BAD_SYN_RECEIVED in discarded(talk)
    assert str(half.state) == "SYN-RECEIVED"
    clients[1].abort()
    talk.net.run("800ms")
    assert str(half.state) != "SYN-RECEIVED"
    assert not queues(listener).half_open


@pytest.mark.parametrize("names", [OVERFLOWS, COOKIES])
def test_every_choice_has_a_sentence(names: dict[str, str]) -> None:
    assert all(sentence and name for name, sentence in names.items())


# ------------------------------------------------------------------ the end of a listener


def test_a_listener_that_closes_forgets_the_half_open_and_resets_who_waits() -> None:
    talk, listener, clients = crowd(2, 1)
    talk.net.inject(("203.0.113.1", 5), ("192.0.2.2", 80), segment("RST", seq=7), via="client")
    taken = listener.accept()
    talk.net.run("1.2s")  # the second has come in, by its SYN,ACK that went again
    third = talk.client.connect(talk.server, 80)
    talk.net.run("1.26s")
    assert third.state is SYN_SENT
    listener.close()
    talk.net.run("1.5s")
    assert taken is not None
    assert (taken.state, clients[0].state) == (ESTABLISHED, ESTABLISHED)
    assert clients[1].state is CLOSED
    assert clients[1].signals[-1] == "connection reset"
    assert not queues(listener).waiting
    assert [each.state for each in talk.server.connections.values()][1] is CLOSED


def test_closing_the_listener_drops_what_is_half_open() -> None:
    talk = Talk()
    listener = talk.server.listen(80, backlog=1)
    talk.client.connect(talk.server, 80)
    talk.net.run("60ms")
    listener.close()
    assert not queues(listener).half_open
    talk.net.run("300ms")
    assert talk.sent("server")[-1] == "server RST 1", "whoever asks hears that nobody is there"
    assert counters(talk.trace, "server")["OutRsts"] == 1


def test_a_reset_one_is_not_reset_again_when_the_listener_closes() -> None:
    talk, listener, clients = crowd(1, 1)
    clients[0].abort()
    talk.net.run("500ms")
    listener.close()
    assert not [each for each in talk.sent("server") if "RST" in each]


def test_a_crash_forgets_the_queues() -> None:
    talk, _, clients = crowd(2, 1)
    talk.server.crash()
    talk.net.run("1.5s")
    assert occupancy(talk.trace, "server", 80)[-1] == Occupancy(300 * MS, 0, 0)
    clients[0].send(b"x")
    talk.net.run("3s")
    assert clients[0].state is CLOSED


# ------------------------------------------------------------------ SYN cookies


def test_with_cookies_no_state_is_kept_of_a_syn() -> None:
    talk = Talk(iss=None)
    listener = talk.server.listen(80, backlog=5, syn_cookies="always")
    before = len(talk.server.connections)
    for n in range(50):
        talk.net.inject((f"203.0.113.{n}", 5), ("192.0.2.2", 80), segment("SYN", seq=7), via="client")
    assert talk.net.run() == "idle", "no timer runs, and no SYN,ACK goes again"
    assert len(talk.server.connections) == before
    assert not queues(listener).half_open
    sent = talk.trace.of_kind(Sent, "server")
    assert {each.why for each in sent} == {why.COOKIE_SENT}
    assert len(sent) == 50


def test_the_ack_of_a_cookie_makes_a_connection_that_waits_to_be_accepted() -> None:
    talk = Talk(iss=None)
    listener = talk.server.listen(80, backlog=5, syn_cookies="always")
    mine = talk.client.connect(talk.server, 80)
    mine.send(b"hello")
    talk.net.run("1s")
    assert mine.state is ESTABLISHED
    taken = listener.accept()
    assert taken is not None
    assert taken.received == b"hello"
    taken.send(b"you")
    talk.net.run("2s")
    assert mine.received == b"you"
    assert talk.path("server", 1) == ["CLOSED", "LISTEN", "SYN-RECEIVED", "ESTABLISHED"]
    assert mine.endpoint.irs == taken.endpoint.iss


def test_cookies_come_when_the_syn_queue_is_full() -> None:
    talk = Talk(iss=None)
    listener = talk.server.listen(80, syn_backlog=1, syn_cookies="when full")
    clients = [talk.client.connect(talk.server, 80) for _ in range(3)]
    talk.net.run("60ms")
    assert len(queues(listener).half_open) == 1
    talk.net.run("300ms")
    assert {each.state for each in clients} == {ESTABLISHED}
    assert [each.why for each in talk.trace.of_kind(Sent, "server")] == [
        why.LISTEN_SYN, why.COOKIE_SENT, why.COOKIE_SENT,
    ]  # fmt: skip


def test_a_cookie_does_not_get_around_a_full_accept_queue() -> None:
    """Nor is it reset, whatever `overflow` says: the client is left alone with its belief, as in Linux."""
    talk = Talk(iss=None)
    listener = talk.server.listen(80, backlog=1, syn_cookies="always", overflow="reset")
    clients = [talk.client.connect(talk.server, 80) for _ in range(2)]
    talk.net.run("10s")
    assert {each.state for each in clients} == {ESTABLISHED}
    assert len(queues(listener).waiting) == 1
    assert discarded(talk) == [why.ACCEPT_QUEUE_FULL]
    assert len(talk.sent("server")) == 2, "nothing is repeated: it stays so until the client speaks"
    listener.accept()
    clients[1].send(b"hello")
    talk.net.run("11s")
    taken = listener.accept()
    assert taken is not None
    assert taken.received == b"hello"


def test_a_bad_cookie_is_reset_as_any_ack_in_listen_is() -> None:
    talk = Talk(iss=None)
    talk.server.listen(80, syn_cookies="always")
    source, target = ("192.0.2.1", 5000), ("192.0.2.2", 80)
    talk.net.inject(source, target, segment("ACK", seq=8, ack=4711), via="client")
    talk.net.run("100ms")
    assert discarded(talk) == [why.LISTEN_ACK_RESET], "before the first cookie nobody looks for one"
    talk.client.connect(talk.server, 80)
    talk.net.run("300ms")
    talk.net.inject(source, target, segment("ACK", seq=8, ack=4711), via="client")
    talk.net.run("400ms")
    assert discarded(talk)[-1] is why.COOKIE_BAD
    answer = talk.trace.of_kind(Sent, "server")[-1]
    assert (repr(answer.segment), answer.why) == ("<SEQ=4711><CTL=RST>", why.COOKIE_BAD)


@pytest.mark.parametrize(
    ("after", "known"), [(PERIOD + 20 * SECOND, True), (PERIOD + 40 * SECOND, None), (2 * PERIOD + SECOND, False)]
)
def test_a_cookie_grows_stale(after: int, known: bool | None) -> None:
    """It is valid for one to two periods; after two nobody looks any more, and the ACK is one like any other."""
    talk = Talk(iss=None)
    listener = talk.server.listen(80, syn_cookies="always")
    source, target = ("203.0.113.1", 5000), ("192.0.2.2", 80)
    talk.net.inject(source, target, segment("SYN", seq=7), via="client", delay="30s")
    talk.net.run("31s")
    iss = talk.trace.of_kind(Sent, "server")[-1].segment.seq
    talk.net.inject(source, target, segment("ACK", seq=8, ack=iss + 1), via="client", delay=after)
    talk.net.run(after + 32 * SECOND)
    if known:
        assert listener.accepted[0].state is ESTABLISHED
    else:
        assert discarded(talk) == [why.COOKIE_BAD if known is None else why.LISTEN_ACK_RESET]
        assert not listener.accepted


def test_a_cookie_is_for_the_client_that_got_it() -> None:
    talk = Talk(iss=None)
    talk.server.listen(80, syn_cookies="always")
    talk.net.inject(("203.0.113.1", 5000), ("192.0.2.2", 80), segment("SYN", seq=7), via="client")
    talk.net.run("100ms")
    iss = talk.trace.of_kind(Sent, "server")[-1].segment.seq
    talk.net.inject(("192.0.2.1", 5000), ("192.0.2.2", 80), segment("ACK", seq=8, ack=iss + 1), via="client")
    talk.net.run("200ms")
    assert discarded(talk) == [why.COOKIE_BAD]


@pytest.mark.parametrize("stamps", [None, (5, 0)])
def test_options_survive_in_timestamps_alone(stamps: tuple[int, int] | None) -> None:
    net = Network()
    net.host("client", profile="linux", timestamps=stamps is not None)
    server = net.host("server", profile="linux")
    net.link("client", "server", delay="50ms")
    listener = server.listen(80, syn_cookies="always")
    mine = net.hosts["client"].connect("server", 80)
    net.run("300ms")
    theirs = listener.accepted[0]
    for end in (mine.endpoint, theirs.endpoint):
        assert end.sack_ok is end.ts_ok is end.scaling is (stamps is not None)
    assert theirs.endpoint.snd_mss == (1448 if stamps else 1460)
    sent = net.trace.of_kind(Sent, "server")[0] if net.trace else None
    assert sent is not None
    assert sent.segment.options is not None
    assert sent.segment.options.carried == ({"mss", "sackOK", "TS", "wscale"} if stamps else {"mss"})


def test_a_listener_with_a_mutant_may_reset_what_it_should_drop() -> None:
    net = Network()
    net.host("client")
    server = net.host("server", mutant="full-queue-resets")
    net.link("client", "server", delay="50ms")
    server.listen(80, syn_backlog=1)
    ends = [net.hosts["client"].connect("server", 80) for _ in range(2)]
    net.run("1s")
    assert [each.state for each in ends] == [ESTABLISHED, CLOSED]
    assert ends[1].signals == ["connection refused"]


# ------------------------------------------------------------------ counters


def test_every_counter_is_there_from_the_start() -> None:
    talk = Talk()
    assert talk.server.counters == dict.fromkeys(COUNTERS, 0)
    net = Network(trace=False)
    assert net.host("a").counters == {}


def test_what_listeners_count() -> None:
    talk, _, _ = crowd(4, 1, syn_backlog=3, overflow="reset", knobs={"iss": None})
    counted = talk.server.counters
    wanted = {
        "PassiveOpens": 1, "ListenOverflows": 2, "ListenDrops": 3, "TCPReqQFullDrop": 1, "OutRsts": 2,
        "EmbryonicRsts": 2, "AttemptFails": 2, "CurrEstab": 1, "InSegs": 7, "OutSegs": 5, "RetransSegs": 0,
    }  # fmt: skip
    assert {name: counted[name] for name in wanted} == wanted
    assert talk.client.counters["ActiveOpens"] == 4
    assert talk.client.counters["EstabResets"] == 2


def test_what_cookies_count() -> None:
    talk = Talk(iss=None)
    talk.server.listen(80, syn_cookies="always")
    talk.client.connect(talk.server, 80)
    talk.net.run("300ms")
    talk.net.inject(("192.0.2.1", 5), ("192.0.2.2", 80), segment("ACK", seq=8, ack=4711), via="client")
    talk.net.run("500ms")
    counted = talk.server.counters
    assert [counted[f"Syncookies{what}"] for what in ("Sent", "Recv", "Failed")] == [1, 1, 1]
    assert (counted["PassiveOpens"], counted["OutRsts"], counted["InSegs"]) == (1, 1, 3)


def test_what_opening_and_ending_count() -> None:
    talk = Talk(msl="1s", syn_retries=1)
    mine, theirs = talk.established()
    mine.close()
    talk.net.run("2s")
    theirs.close()
    talk.net.run("10s")
    talk.client.connect(talk.server, 81)
    talk.net.run("11s")
    talk.client.connect("198.51.100.1", 80)
    talk.net.run("30s")
    counted = talk.client.counters
    wanted = {
        "ActiveOpens": 3, "AttemptFails": 2, "EstabResets": 0, "CurrEstab": 0, "TW": 1, "TCPAbortOnTimeout": 1,
        "TCPSynRetrans": 1, "RetransSegs": 1, "TCPTimeouts": 2, "TCPChallengeACK": 0,
    }  # fmt: skip
    assert {name: counted[name] for name in wanted} == wanted
    assert talk.server.counters["OutRsts"] == 1


def test_a_simultaneous_open_is_no_passive_open() -> None:
    talk = Talk()
    talk.client.open(1000, active=True, remote=("192.0.2.2", 2000))
    talk.server.open(2000, active=True, remote=("192.0.2.1", 1000))
    talk.net.run("1s")
    assert [each.counters["PassiveOpens"] for each in (talk.client, talk.server)] == [0, 0]
    assert talk.client.counters["CurrEstab"] == 1


def test_what_attackers_make_count() -> None:
    talk = Talk()
    mine, theirs = talk.established()
    assert mine.local is not None
    for ctl in ("RST", "SYN"):
        talk.net.inject(mine.local, ("192.0.2.2", 80), segment(ctl, seq=200), via="client")
    talk.net.run("2s")
    counted = talk.server.counters
    assert (counted["TCPChallengeACK"], counted["TCPSYNChallenge"]) == (2, 1)
    assert talk.client.counters["OutRsts"] == 0, "the client has not sent what was injected"
    theirs.abort()
    talk.net.run("3s")
    assert talk.server.counters["EstabResets"] == 1


def test_a_wrong_checksum_counts() -> None:
    talk = Talk(link={"corrupt": 1.0})
    talk.client.connect(talk.server, 80)
    talk.net.run("500ms")
    assert (talk.server.counters["InSegs"], talk.server.counters["InCsumErrors"]) == (1, 1)


# ------------------------------------------------------------------ occupancy


def test_how_full_the_queues_were_is_told_by_the_trace() -> None:
    talk, listener, _ = crowd(2, 1)
    talk.net.at("400ms", listener.accept)
    talk.net.run("1.3s")
    assert occupancy(talk.trace, "server", 80) == [
        Occupancy(0, 0, 0),
        Occupancy(50 * MS, 2, 0),
        Occupancy(150 * MS, 1, 1),
        Occupancy(400 * MS, 1, 0),
        Occupancy(1150 * MS, 0, 1),
    ]


def test_without_a_backlog_nobody_waits() -> None:
    talk, _, _ = crowd(2, None)
    assert [(each.half_open, each.waiting) for each in occupancy(talk.trace, "server", 80)] == [(0, 0), (2, 0), (0, 0)]
    assert occupancy(talk.trace, "server", 81) == [Occupancy(0, 0, 0)]


def test_the_queues_of_a_listener_that_has_closed_are_empty() -> None:
    talk, listener, _ = crowd(2, 1)
    listener.close()
    assert occupancy(talk.trace, "server", 80)[-1] == Occupancy(300 * MS, 0, 0)


def test_an_accept_that_waited_is_seen_in_the_trace() -> None:
    talk = Talk()
    listener = talk.server.listen(80, backlog=1)
    listener.accept()
    talk.client.connect(talk.server, 80)
    talk.net.run("1s")
    assert occupancy(talk.trace, "server", 80)[-1] == Occupancy(150 * MS, 0, 0)
    assert listener.spare is None or listener.spare.state is LISTEN


def test_options_are_a_value() -> None:
    """A cookie's SYN,ACK writes its own timestamps, and no other segment's."""
    talk = Talk(iss=None, timestamps=True)
    talk.server.listen(80, syn_cookies="always")
    for n in (1, 2):
        syn = segment("SYN", seq=7, options=Options(1460, None, False, (n, 0)))
        talk.net.inject((f"203.0.113.{n}", 5), ("192.0.2.2", 80), syn, via="client")
    talk.net.run("200ms")
    echoed = [each.segment.options.ts for each in talk.trace.of_kind(Sent, "server") if each.segment.options]
    assert [ts[1] for ts in echoed if ts is not None] == [1, 2]


# ------------------------------------------------------------------ whatever comes


@pytest.mark.parametrize("seed", range(30))
def test_whatever_comes_the_queues_hold_what_they_say(seed: int) -> None:
    """Segments at random from few sockets, calls at random: every limit holds, and the trace tells the same lengths."""
    chance = random.Random(seed)
    talk = Talk(iss=None, msl="1s", synack_retries=1, timestamps=bool(seed & 1), reuse_time_wait=True)
    talk.net.host("peer", iss=7, timestamps=True, window_scale=2)
    talk.net.link("peer", talk.server, delay="3ms")
    listener = talk.server.listen(
        80, backlog=chance.randrange(3), syn_backlog=2, overflow=chance.choice(list(OVERFLOWS)),
        syn_cookies=chance.choice(list(COOKIES)),
    )  # fmt: skip
    held = queues(listener)
    for step in range(150):
        match chance.randrange(6):
            case 0:
                listener.accept()
            case 1:
                with suppress(TcpError):
                    talk.net.hosts["peer"].connect("server", 80, local_port=chance.randrange(1, 6))
            case 2:
                with suppress(TcpError):
                    chance.choice(list(talk.server.connections.values())[1:] or [talk.server.connections[1]]).abort()
            case _:
                sent = [each.segment for each in talk.trace.of_kind(Sent, "server")] or [segment("SYN", seq=0)]
                near = chance.choice(sent)
                wild = segment(
                    chance.choice(["SYN", "ACK", "RST", "FIN,ACK", "PSH,ACK", "SYN,ACK", "RST,ACK", "none"]),
                    seq=near.ack + chance.randrange(-1, 2), ack=near.seq + chance.randrange(3),
                    text=chance.choice([0, 10]),
                )  # fmt: skip
                source = (chance.choice(["203.0.113.1", "192.0.2.3"]), chance.randrange(1, 6))
                talk.net.inject(source, ("192.0.2.2", 80), wild, via="peer", delay=chance.randrange(5) * MS)
        talk.net.run(talk.net.now + chance.choice([0, MS, 10 * MS, 500 * MS]))
        assert all(each.state is SYN_RECEIVED for each in held.half_open.values())
        assert listener.spare is None or listener.spare.state is LISTEN
        if talk.server.listeners:
            told = occupancy(talk.trace, "server", 80)[-1]
            assert (told.half_open, told.waiting) == (len(held.half_open), len(held.waiting)), step
        assert held.limit is not None
        assert held.overflow == "drop syn" or len(held.waiting) <= held.limit
