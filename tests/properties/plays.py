"""Plays: each brings two ends into a situation that some property speaks about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import segment
from tests.properties.stage import CLIENT, SERVER, Stage

if TYPE_CHECKING:
    from collections.abc import Callable


def transfer(stage: Stage) -> None:
    """Text both ways, closed by the client."""
    stage.connect()
    stage.call(CLIENT, "send", b"one")
    stage.call(SERVER, "send", b"two")
    stage.quiet()
    stage.close(CLIENT)
    stage.call(SERVER, "send", b"three")
    stage.close(SERVER)
    stage.expire()


def overtaken(stage: Stage) -> None:
    """Of three segments the last, with the FIN, comes first; the first is lost and sent again."""
    stage.connect()
    for text in (b"one", b"two"):
        stage.call(CLIENT, "send", text)
    stage.call(CLIENT, "close")
    stage.drop(0)
    stage.deliver(1)
    stage.quiet()
    stage.expire(1)
    stage.close(SERVER)
    stage.expire()


def stale(stage: Stage) -> None:
    """An ACK that overtook another one had the newer window."""
    stage.connect(reading=False)
    stage.call(CLIENT, "send", b"one")
    stage.call(CLIENT, "send", b"two")
    stage.deliver(0)
    stage.deliver(0)
    stage.deliver(1)
    stage.deliver(0)
    stage.quiet()


def full(stage: Stage) -> None:
    """A window of three octets is filled, and the word that it is open again is lost."""
    stage.connect(reading=False)
    stage.call(CLIENT, "send", b"abcdef")
    stage.quiet()
    stage.call(SERVER, "receive", 3)
    if stage.flying:
        stage.drop()
    if stage.players[CLIENT].endpoint.next_timeout() is not None:
        stage.expire(4)


def backing_off(stage: Stage) -> None:
    """A segment is lost three times."""
    stage.connect()
    stage.call(CLIENT, "send", b"abc")
    for _ in range(3):
        stage.flying.clear()
        stage.timeout(CLIENT)


def given_up(stage: Stage) -> None:
    """The peer has gone, and nothing tells so."""
    stage.connect()
    stage.call(CLIENT, "send", b"abc")
    for _ in range(12):
        stage.flying.clear()
        if stage.players[CLIENT].endpoint.next_timeout() is not None:
            stage.timeout(CLIENT)


def probing(stage: Stage) -> None:
    """Probes of a window of zero."""
    stage.connect(reading=False)
    stage.call(CLIENT, "send", b"abcdef")
    stage.expire(4)


def unread(stage: Stage) -> None:
    """CLOSE though data is unread."""
    stage.connect(reading=False)
    stage.call(CLIENT, "send", b"ab")
    stage.quiet()
    stage.close(SERVER)
    stage.close(CLIENT)


def closed_after_fin(stage: Stage) -> None:
    """CLOSE in CLOSE-WAIT; the FIN is lost and sent again."""
    stage.connect()
    stage.close(CLIENT)
    stage.call(SERVER, "close")
    if stage.flying:
        stage.drop()
    stage.expire()


def both_close(stage: Stage) -> None:
    """FINs that cross."""
    stage.connect()
    stage.call(CLIENT, "close")
    stage.call(SERVER, "close")
    stage.expire()


def both_open(stage: Stage) -> None:
    """SYNs that cross; both ends close then."""
    stage.call(CLIENT, "open", active=True)
    stage.call(SERVER, "open", active=True)
    stage.quiet()
    stage.finished = True
    stage.close(CLIENT)
    stage.close(SERVER)
    stage.expire()


def old_text_and_ack(stage: Stage) -> None:
    """What an earlier connection, or somebody else, has sent arrives in ESTABLISHED."""
    stage.connect()
    stage.inject(SERVER, segment("ACK", 1001, 900, 500, b"zz"))
    stage.inject(SERVER, segment("ACK", 1001, 9000, 500, b"zz"))
    stage.inject(SERVER, segment("ACK", 90, 5001, 500, b"zz"))
    stage.inject(SERVER, segment("SYN", 1002, 0, 500))
    stage.flying.clear()


def repeated(stage: Stage) -> None:
    """The same text twice."""
    stage.connect()
    stage.call(CLIENT, "send", b"abc")
    copy = stage.flying[0].segment
    stage.quiet()
    stage.inject(SERVER, copy, 1)
    stage.quiet()


def resets(stage: Stage) -> None:
    """RSTs outside the window, in it, and at RCV.NXT; then one to nobody."""
    stage.connect()
    for seq in (5, 1100, 1001, 1001):
        stage.inject(SERVER, segment("RST", seq, 0, 0), 1)
        stage.quiet()


def challenged(stage: Stage) -> None:
    """Two RSTs in the window within one period, and one in the next."""
    stage.connect()
    for wait in (0, 1_000_000, 6_000_000_000):
        stage.now += wait
        stage.inject(SERVER, segment("RST", 1100, 0, 0), 1)
        stage.flying.clear()


def syn_lost(stage: Stage) -> None:
    """A SYN is lost, and lost again."""
    stage.call(CLIENT, "open", active=True)
    for _ in range(3):
        stage.flying.clear()
        if stage.players[CLIENT].endpoint.next_timeout() is not None:
            stage.timeout(CLIENT)


def old_syn(stage: Stage) -> None:
    """Figure 8: an old SYN comes before the new one."""
    stage.call(SERVER, "open", active=False)
    stage.call(CLIENT, "open", active=True)
    stage.inject(SERVER, segment("SYN", 90, 0, 500))
    stage.deliver(1)
    stage.quiet()
    stage.expire(2)


def old_syn_ack(stage: Stage) -> None:
    """A SYN,ACK for an earlier SYN."""
    stage.call(CLIENT, "open", active=True)
    stage.inject(CLIENT, segment("SYN,ACK", 300, 91, 500))


def received(stage: Stage) -> None:
    """CLOSE in SYN-RECEIVED."""
    stage.call(SERVER, "open", active=False)
    stage.call(CLIENT, "open", active=True)
    stage.deliver()
    stage.call(SERVER, "close")
    stage.quiet()


def refused_passive(stage: Stage) -> None:
    """A RST in SYN-RECEIVED, after a passive OPEN."""
    stage.call(SERVER, "open", active=False)
    stage.call(CLIENT, "open", active=True)
    stage.deliver()
    stage.inject(SERVER, segment("RST", 1001, 0, 0), 1)


def refused_active(stage: Stage) -> None:
    """A RST in SYN-RECEIVED, after SYNs that crossed."""
    stage.call(CLIENT, "open", active=True)
    stage.call(SERVER, "open", active=True)
    stage.deliver()
    stage.inject(SERVER, segment("RST", 1001, 0, 0), 1)


def time_wait(stage: Stage) -> None:
    """The client in TIME-WAIT gets the peer's FIN once more, after some time; its second ACK is lost."""
    stage.connect()
    stage.close(CLIENT)
    stage.call(SERVER, "close")
    fin = stage.flying[0].segment
    stage.quiet()
    stage.now += 1_000_000
    stage.inject(CLIENT, fin, 1)
    stage.flying.clear()  # CLOSED would answer it with a RST, and that would end TIME-WAIT (RFC 1337 2)


def old_syn_in_time_wait(stage: Stage) -> None:
    """Then a new one."""
    time_wait(stage)
    stage.inject(CLIENT, segment("SYN", 400, 0, 500), 2)
    stage.flying.clear()
    stage.inject(CLIENT, segment("SYN", 70_000, 0, 500), 2)


def reset_in_time_wait(stage: Stage) -> None:
    time_wait(stage)
    stage.inject(CLIENT, segment("RST", 5002, 0, 0), 2)


def syn_ack_lost(stage: Stage) -> None:
    stage.call(SERVER, "open", active=False)
    stage.call(CLIENT, "open", active=True)
    stage.deliver()
    stage.flying.clear()
    stage.timeout(SERVER)


def aborted(stage: Stage) -> None:
    """ABORT with text that has not left yet."""
    stage.connect(reading=False)
    stage.call(CLIENT, "send", b"abcdef")
    stage.call(CLIENT, "abort")
    stage.expire(3)


def text_after_fin(stage: Stage) -> None:
    """A copy of text comes after the FIN."""
    stage.connect()
    stage.call(CLIENT, "send", b"abc")
    copy = stage.flying[0].segment
    stage.close(CLIENT)
    stage.inject(SERVER, copy, 1)
    stage.quiet()


def half_open(stage: Stage) -> None:
    """The server crashes; the client does not know."""
    stage.connect()
    stage.crash(SERVER)
    stage.call(CLIENT, "send", b"abc")
    stage.expire()


def nobody(stage: Stage) -> None:
    """All that can come to CLOSED and to LISTEN."""
    for state in ("CLOSED", "LISTEN"):
        for ctl in ("none", "ACK", "FIN", "FIN,ACK", "RST", "RST,ACK", "SYN,RST", "SYN,ACK", "SYN"):
            stage.inject(SERVER, segment(ctl, 700, 300, 500, b"x"))
            stage.flying.clear()
        if state == "CLOSED":
            stage.call(SERVER, "open", active=False)


def old_timestamp(stage: Stage) -> None:
    """Text with a timestamp that is older than the last one."""
    stage.connect()
    stage.now += 1_000_000_000
    stage.call(CLIENT, "send", b"abc")
    last = stage.flying[0].segment
    stage.quiet()
    assert last.options is not None
    assert last.options.ts is not None
    stamps = (last.options.ts[0] - 500, last.options.ts[1])
    tcb = stage.players[SERVER].endpoint
    stage.inject(SERVER, segment("ACK", tcb.rcv_nxt, tcb.snd_nxt, 500, b"zz", Options(ts=stamps)), 1)
    stage.quiet()


PLAYS: Final[dict[str, Callable[[Stage], None]]] = {
    name: value
    for name, value in sorted(vars().items())
    if callable(value) and getattr(value, "__module__", "") == __name__
}
SMALL: Final[dict[str, Any]] = {"rcv_buff": 3, "window_scale": None, "congestion": "none", "user_timeout": None}
"""Knobs of the plays in which a window is filled."""
PROMPT: Final[dict[str, Any]] = {"nagle": False, "delayed_ack": 0}
KNOBS: Final[dict[str, dict[str, Any]]] = {
    "full": SMALL, "probing": SMALL, "aborted": SMALL, "overtaken": PROMPT, "stale": PROMPT,
    "old_timestamp": {"timestamps": True}, "challenged": {"challenge_ack_limit": 1},
    "syn_lost": {"syn_retries": 1, "syn_linear_timeouts": 0},
}  # fmt: skip
