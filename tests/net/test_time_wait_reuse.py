"""TIME-WAIT and the next incarnation (RFC 9293 3.6.1, MAY-2; RFC 1337): who is let in, and what if it was a ghost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.net.faults import Drop, DropAll, Selector
from tcpsim.tcp import rules as why
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, TIME_WAIT
from tcpsim.tcp.segment import ACK, RST, segment
from tcpsim.tcp.units import MINUTE, MS, SECOND
from tcpsim.trace import Arrived, Moved, Sent
from tests.net.talk import Talk

if TYPE_CHECKING:
    from tcpsim.net import Connection
    from tcpsim.tcp.diagram import State

CLIENT, SERVER = ("192.0.2.1", 1000), ("192.0.2.2", 80)


def in_time_wait(**knobs: Any) -> tuple[Talk, Connection]:
    """A server that closed first: 301..302 and 101..102 are used up, and it waits for 2 MSL."""
    talk = Talk(**{"reuse_time_wait": True, **knobs})
    mine, theirs = talk.established(local_port=1000)
    theirs.close()
    talk.net.run("2s")
    mine.close()
    talk.net.run("3s")
    assert (theirs.state, mine.state) == (TIME_WAIT, CLOSED)
    return talk, theirs


def comes(talk: Talk, ctl: str, *, seq: int, ack: int = 0) -> None:
    """The client's host puts a segment of the old connection's sockets on the link; it arrives."""
    talk.net.inject(CLIENT, SERVER, segment(ctl, seq=seq, ack=ack), via="client")
    talk.net.run(talk.net.now + 60 * MS)


def test_a_newer_syn_opens_a_new_incarnation() -> None:
    talk, old = in_time_wait()
    begin = talk.net.now
    again = talk.client.connect(talk.server, 80, local_port=1000, iss=5000)
    talk.net.run(begin + SECOND)
    new = talk.server.connections[2]
    assert (again.state, new.state, old.state) == (ESTABLISHED, ESTABLISHED, CLOSED)
    assert new.endpoint.iss == (302 + 65_536), "beyond all that the old one used (MAY-2 (1)): its knob says 300"
    last = talk.trace.of_kind(Moved, "server")[-1]
    assert (last.connection, str(last.source), last.why) == (1, "TIME-WAIT", why.NEW_INCARNATION)
    again.send(b"new data")
    talk.net.run(begin + 2 * SECOND)
    assert (new.received, old.received) == (b"new data", b"")
    assert new.parked is None


@pytest.mark.parametrize(("answers", "state", "ctl"), [("checked", TIME_WAIT, ACK), ("unexpected", CLOSED, RST | ACK)])
def test_whether_a_newer_syn_ends_the_old_one_where_nobody_listens(answers: str, state: State, ctl: int) -> None:
    talk, old = in_time_wait(time_wait_answers=answers)
    talk.server.listeners[80].close()
    comes(talk, "SYN", seq=5000)
    assert (old.state, talk.trace.of_kind(Sent, "server")[-1].segment.ctl) == (state, ctl)


def test_the_old_one_waits_until_the_new_one_is_established() -> None:
    talk, old = in_time_wait()
    comes(talk, "SYN", seq=5000)
    new = talk.server.connections[2]
    assert (new.state, old.state, new.parked) == (SYN_RECEIVED, TIME_WAIT, old)


def test_an_old_duplicate_syn_leads_back_to_time_wait() -> None:
    """MAY-2 (2): the client answers the SYN,ACK with a RST, for it knows of nothing."""
    talk, old = in_time_wait()
    comes(talk, "SYN", seq=5000)
    talk.net.run(talk.net.now + SECOND)
    new = talk.server.connections[2]
    assert old.state is TIME_WAIT
    assert new.state is LISTEN
    assert talk.server.listeners[80].spare is new
    comes(talk, "FIN,ACK", seq=101, ack=302)
    assert talk.trace.of_kind(Sent, "server")[-1].why is why.FIN_AGAIN, "the sockets are the old one's again"
    assert talk.trace.of_kind(Arrived, "server")[-1].connection == 1
    assert old.endpoint.time_wait_at > talk.net.now + 3 * MINUTE, "2 MSL anew"


def test_a_new_incarnation_that_gives_up_leads_back_too() -> None:
    talk, old = in_time_wait(r2_syn="10s", msl="5min")
    talk.link.toward("client").rules.append(DropAll())
    comes(talk, "SYN", seq=5000)
    talk.net.run(talk.net.now + MINUTE)
    assert (talk.server.connections[2].state, old.state) == (CLOSED, TIME_WAIT)
    comes(talk, "FIN,ACK", seq=101, ack=302)
    assert talk.trace.of_kind(Arrived, "server")[-1].connection == 1


def test_time_wait_may_end_while_the_new_one_is_not_yet_there() -> None:
    talk, old = in_time_wait(msl="1s")
    assert old.endpoint.time_wait_at > talk.net.now
    talk.link.toward("client").rules.append(DropAll())
    comes(talk, "SYN", seq=5000)
    talk.net.run(talk.net.now + 4 * SECOND)
    new = talk.server.connections[2]
    assert (old.state, new.state) == (CLOSED, SYN_RECEIVED)
    comes(talk, "RST", seq=5001)
    assert new.state is LISTEN
    comes(talk, "ACK", seq=102, ack=302)
    assert talk.trace.of_kind(Arrived, "server")[-1].connection == 2, "nobody but the listener has these sockets"


def test_a_new_incarnation_outlives_a_time_wait_that_has_ended() -> None:
    """The old one is gone by itself before the new one is ESTABLISHED."""
    talk, old = in_time_wait(msl="1s")
    talk.link.toward("client").rules.append(Drop(Selector("SYN,ACK", nth=1)))
    again = talk.client.connect(talk.server, 80, local_port=1000, iss=5000)
    talk.net.run(talk.net.now + 10 * SECOND)
    new = talk.server.connections[2]
    assert (again.state, new.state, new.parked, old.state) == (ESTABLISHED, ESTABLISHED, None, CLOSED)
    assert old.signals[-1] == "connection closed"


@pytest.mark.parametrize("seq", [102, 101, 50], ids=["RCV.NXT", "the FIN", "older"])
def test_a_syn_that_is_not_newer_is_an_old_duplicate(seq: int) -> None:
    talk, old = in_time_wait()
    comes(talk, "SYN", seq=seq)
    assert list(talk.server.connections) == [1]
    assert old.state is TIME_WAIT
    assert talk.sent("server")[-1] == "server ACK 2 2"


@pytest.mark.parametrize("ctl", ["SYN,ACK", "RST", "ACK", "FIN"])
def test_nothing_but_a_plain_syn_opens_anew(ctl: str) -> None:
    talk, old = in_time_wait(time_wait_ignores_rst=True)
    comes(talk, ctl, seq=5000, ack=302)
    assert list(talk.server.connections) == [1]
    assert old.state is TIME_WAIT


def test_the_knob_forbids_it() -> None:
    talk, old = in_time_wait(reuse_time_wait=False)
    comes(talk, "SYN", seq=5000)
    assert list(talk.server.connections) == [1]
    assert old.state is TIME_WAIT


def test_without_a_listener_there_is_no_next_incarnation() -> None:
    talk, old = in_time_wait()
    talk.server.listeners[80].close()
    comes(talk, "SYN", seq=5000)
    assert old.state is TIME_WAIT
    assert talk.trace.of_kind(Sent, "server")[-1].why is why.SYN_CHALLENGED


def test_a_reset_assassinates_time_wait_unless_the_knob_says_no() -> None:
    """RFC 1337 3 (F1)"""
    talk, old = in_time_wait()
    comes(talk, "RST", seq=102)
    assert (old.state, old.signals[-1]) == (CLOSED, "connection closed")
    talk, old = in_time_wait(time_wait_ignores_rst=True)
    comes(talk, "RST", seq=102)
    assert old.state is TIME_WAIT


def test_the_old_sockets_can_not_be_connected_to_meanwhile() -> None:
    talk, _ = in_time_wait()
    with pytest.raises(TcpError, match="connection already exists"):
        talk.server.connect(talk.client, 1000, local_port=80)


def test_after_2_msl_the_sockets_are_free() -> None:
    talk, old = in_time_wait()
    talk.net.run(talk.net.now + 4 * MINUTE)
    assert old.state is CLOSED
    again = talk.client.connect(talk.server, 80, local_port=1000)
    talk.net.run(talk.net.now + SECOND)
    assert again.state is ESTABLISHED
    assert talk.server.connections[2].endpoint.iss == 300, "its knob's: no old numbers bind it"


def test_a_generated_iss_is_beyond_the_old_numbers_by_itself() -> None:
    """RFC 6528: the clock has moved on by 4 microseconds for each number."""
    talk, old = in_time_wait(iss="off")
    iss = old.endpoint.iss
    talk.client.connect(talk.server, 80, local_port=1000)
    begin = talk.net.now
    talk.net.run(begin + SECOND)
    assert old.state is CLOSED
    new = talk.server.connections[2].endpoint.iss
    opened = next(r.time for r in talk.trace.of_kind(Sent, "server") if r.connection == 1)
    reopened = next(r.time for r in talk.trace.of_kind(Sent, "server") if r.connection == 2)
    assert (new - iss) & 0xFFFF_FFFF == reopened // 4000 - opened // 4000
