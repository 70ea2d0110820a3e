"""What a user may ask of a live connection beyond RFC 9293's calls, as every sockets interface lets it.

Reading what is on hand, or only looking at it; holding back what fills no segment (TCP_CORK, TCP_NOPUSH), or
not; knobs changed on the way. Each leaves the connection's rules as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rules as why
from .actions import Deliver, TimerStopped
from .diagram import LISTEN, SYN_SENT, TIME_WAIT
from .negotiation import may_extend, set_send_mss
from .receive import answer_receives, offer_window, size_buffer
from .send import output
from .seqnum import MASK
from .text import cut
from .timers import start_keepalive, start_user_timeout
from .units import NEVER

if TYPE_CHECKING:
    from .config import Config
    from .tcb import TCB
    from .text import Chunk
    from .units import Time


# ------------------------------------------------------------------ reading


def on_hand(tcb: TCB, start: int, limit: int) -> Chunk:
    """Return at most `limit` octets received and not yet read, from the `start`th on; counted if none are real."""
    size = min(max(tcb.rcv_user - start, 0), limit)
    held = sum(chunk if isinstance(chunk, int) else len(chunk) for chunk in tcb.rcv_text)
    text = cut(tcb.rcv_text, held - tcb.rcv_user + start, size) if size else None
    return size if text is None else text


def take_call(tcb: TCB, now: Time, limit: int) -> None:
    """RECEIVE at most `limit` octets of what is on hand.

    Unlike 3.10.3, a connection that has ended still gives what it had acknowledged before: every sockets
    interface lets the user read that.
    """
    if not tcb.rcv_user or tcb.receives or limit < 1:
        return
    if not tcb.state.both_syns:
        text = on_hand(tcb, 0, limit)
        size = text if isinstance(text, int) else len(text)
        octets = None if isinstance(text, int) else text
        tcb.rcv_user -= size
        tcb.out.append(Deliver(size, octets, tcb.rcv_pushed, False, why.RECEIVE_ANSWERED))
        return
    tcb.receives = (limit,)
    answer_receives(tcb)
    if offer_window(tcb) and tcb.state.receives_text:
        tcb.ack_why = why.WINDOW_UPDATE
        output(tcb, now)


# ------------------------------------------------------------------ holding back


def push_call(tcb: TCB, now: Time) -> None:
    """Send what waits for more to join it: silly window avoidance and a cork are set aside for this once."""
    corked, max_snd_wnd = tcb.corked, tcb.max_snd_wnd
    tcb.corked, tcb.max_snd_wnd = False, -1
    output(tcb, now)
    tcb.corked, tcb.max_snd_wnd = corked, max_snd_wnd


def cork_call(tcb: TCB, now: Time, on: bool) -> None:
    """Hold back what fills no segment; or let it go."""
    was, tcb.corked = tcb.corked, on
    if was and not on:
        push_call(tcb, now)


# ------------------------------------------------------------------ knobs


def configure_call(tcb: TCB, now: Time, cfg: Config) -> None:
    """Change the knobs, and what runs by the old ones."""
    was, tcb.cfg = tcb.cfg, cfg
    if cfg.timestamp_tick != was.timestamp_tick:  # the clock goes on from where it is: RFC 7323 5.4, monotone
        tcb.ts_offset = (tcb.ts_offset + now // was.timestamp_tick - now // cfg.timestamp_tick) & MASK
    if not tcb.state.both_syns:
        if tcb.state is LISTEN or tcb.fresh:
            tcb.reset_variables()
        elif tcb.state is SYN_SENT and cfg.user_timeout != was.user_timeout:
            _time_user_anew(tcb, now)
        tcb.extended = tcb.extended or may_extend(tcb)  # the SYN may be sent again
        return
    if cfg.rcv_buff != was.rcv_buff:
        size_buffer(tcb, cfg.rcv_buff)  # the right edge stays: it moves with what arrives and what is read
    if tcb.state is TIME_WAIT:
        return
    if (cfg.mtu, cfg.send_mss) != (was.mtu, was.send_mss):
        tcb.path_mtu = min(tcb.path_mtu, cfg.mtu)
        set_send_mss(tcb)
        tcb.cc.resized(tcb.snd_mss)
    if (cfg.keepalive, cfg.keepalive_idle) != (was.keepalive, was.keepalive_idle) and tcb.state.synchronized:
        _watch_anew(tcb, now)
    if cfg.user_timeout != was.user_timeout:
        _time_user_anew(tcb, now)
    if was.nagle and not cfg.nagle:
        output(tcb, now)


def _watch_anew(tcb: TCB, now: Time) -> None:
    """Keep-alives are on, off, or have another idle time, from now on."""
    if tcb.cfg.keepalive:
        start_keepalive(tcb, now + tcb.cfg.keepalive_idle)
    elif tcb.keepalive_at != NEVER:
        tcb.keepalive_at = NEVER
        if tcb.observed:
            tcb.out.append(TimerStopped("keep-alive", why.KEEPALIVE_STOPPED))


def _time_user_anew(tcb: TCB, now: Time) -> None:
    """The user timeout has another length; it counts from the last progress."""
    running = tcb.snd_una != tcb.snd_max or tcb.snd_nxt != tcb.snd_goal
    tcb.user_at = NEVER
    if running:
        timeout = tcb.cfg.user_timeout or 0
        start_user_timeout(tcb, max(min(tcb.progress_at, now), now - timeout))  # too long already: it ends now
