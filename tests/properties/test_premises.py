"""Premises at their edge: what looks like a violation and is none, and what a property sees only on the wire."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tcpsim.properties import named
from tcpsim.properties.views import Step
from tcpsim.tcp.diagram import CLOSED, FIN_WAIT_1
from tcpsim.tcp.segment import ACK, SYN, Segment, segment
from tests.properties.stage import CLIENT, SERVER, Stage


def with_window(step: Step, wnd: int) -> Step:
    """The same event, after which the segment says another window than the TCB has."""
    (sent,) = step.segments
    wrong = Segment(sent.seq, sent.ack, sent.ctl, wnd, sent.length, sent.text, sent.why, sent.options)
    return replace(step, actions=(wrong,))


@pytest.mark.parametrize(("scale", "least"), [(None, 1000), (3, 1000 // 8)])
def test_a_segment_that_offers_less_than_was_promised_is_seen(scale: int | None, least: int) -> None:
    stage = Stage(window_scale=scale).connect()
    stage.call(CLIENT, "send", b"abc")
    step = stage.steps[-1]
    ask = named("I6").step
    assert ask is not None
    assert ask(with_window(step, least)) is True
    assert "octets less than before" in str(ask(with_window(step, least - 1)))


def test_a_syn_ack_that_goes_again_takes_nothing_back() -> None:
    """After CLOSE in SYN-RECEIVED the state is FIN-WAIT-1; the SYN,ACK still can't tell more than 65,535 octets."""
    stage = Stage(rcv_buff=80_000, window_scale=3)
    stage.call(CLIENT, "open", active=True)
    stage.call(SERVER, "open", active=True)
    stage.deliver()
    stage.call(SERVER, "close")
    stage.flying.clear()
    stage.timeout(SERVER)
    step = stage.steps[-1]
    assert step.before.state is FIN_WAIT_1
    assert any(sent.ctl & (SYN | ACK) == SYN | ACK for sent in step.segments)
    assert stage.said("I6") == []


def test_a_reset_in_syn_received_after_a_close_that_waits_leaves_nobody_listening() -> None:
    stage = Stage()
    stage.call(SERVER, "open", active=False)
    stage.call(CLIENT, "open", active=True)
    stage.deliver()
    stage.call(SERVER, "send", b"abc")
    stage.call(SERVER, "close")
    stage.inject(SERVER, segment("RST", 1001, 0, 0), 1)
    assert stage.steps[-1].after.state is CLOSED
    assert stage.answers["A29"] == {True}


def test_what_sixteen_bits_cannot_tell_was_not_promised() -> None:
    """A buffer of whole segments may hold a little more than 65,535 octets; without scaling nobody hears of these."""
    stage = Stage(base="freebsd", rcv_buff=65_700, window_scale=None).connect()
    assert stage.players[CLIENT].endpoint.rcv_wnd > 65_535
    stage.call(CLIENT, "send", b"abc")
    stage.quiet()
    assert stage.answers["I6"] == {True}
