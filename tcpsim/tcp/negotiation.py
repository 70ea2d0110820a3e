"""What the options of two SYNs settle: segment sizes, window scale, timestamps, SACK, ECN.

Rule 1. An extension is in use if both SYNs asked for it; a SYN,ACK asks only for what the SYN asked for
        (RFC 7323 2.2 and 3.2, RFC 2018 2, RFC 3168 6.1.1).
Rule 2. `tcb.snd_mss` is what fits into a segment beside the options that all segments carry (RFC 9293
        3.7.1, RFC 6691 2); what only some carry is taken off as they are made.
Rule 3. `tcb.extended` is False where none of timestamps, SACK and ECN can be met with: the path of a
        segment asks for nothing else then.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from .diagram import SYN_SENT
from .options import DEFAULT_SEND_MSS, MAX_WINDOW_SCALE, TIMESTAMPS_OCTETS, Options, arranged
from .segment import ACK, CWR, ECE

if TYPE_CHECKING:
    from .segment import Segment
    from .tcb import TCB

IPV4_HEADERS: Final = 40
IPV6_HEADERS: Final = 60
"""Octets of an IP header and a TCP header without options."""
DEFAULT_SEND_MSS_IPV6: Final = 1220
"""What a peer that sends no MSS option takes over IPv6 (RFC 9293 3.7.1, MUST-15)."""


# ------------------------------------------------------------------ sizes


def default_send_mss(tcb: TCB) -> int:
    """Return the MSS of a peer that sends no MSS option (RFC 9293 3.7.1, MUST-15)."""
    return DEFAULT_SEND_MSS if tcb.headers == IPV4_HEADERS else DEFAULT_SEND_MSS_IPV6


def set_send_mss(tcb: TCB) -> None:
    """Set Eff.snd.MSS: the least of what the peer takes, what the path takes and what the knob allows (MUST-16)."""
    allowed = tcb.cfg.send_mss
    whole = min(tcb.peer_mss, tcb.path_mtu - tcb.headers)
    if allowed is not None and allowed < whole:
        whole = allowed
    tcb.snd_mss = max(whole - TIMESTAMPS_OCTETS * tcb.ts_ok, 1)  # no peer can ask for empty segments


# ------------------------------------------------------------------ what we ask for


def may_extend(tcb: TCB) -> bool:
    """Return whether this end would use timestamps, SACK or ECN, if the peer would."""
    cfg = tcb.cfg
    return cfg.ecn != "off" or ((cfg.timestamps or cfg.sack) and not cfg.no_options)


def _offered_mss(tcb: TCB) -> int | None:
    """Return the value of our MSS option, or None for no option (RFC 9293 3.7.1, SHLD-5, MAY-3)."""
    cfg = tcb.cfg
    mss = max(cfg.mtu - tcb.headers, 1) if cfg.mss is None else cfg.mss
    wanted = cfg.mss_option == "always" or (cfg.mss_option == "differs" and mss != default_send_mss(tcb))
    return mss if wanted else None


def syn_options(tcb: TCB) -> Options | None:
    """Return the options of our SYN, or None for none; the timestamps get their values as the SYN leaves."""
    cfg = tcb.cfg
    if cfg.no_options:
        return None
    mss = _offered_mss(tcb)
    first = tcb.state is SYN_SENT
    scale = cfg.window_scale if first or tcb.scaling else None
    sack = cfg.sack if first else tcb.sack_ok
    stamped = cfg.timestamps if first else tcb.ts_ok
    if first and cfg.drop_options_after is not None and tcb.retransmits >= cfg.drop_options_after:
        scale, sack, stamped = None, False, False
    if cfg.fast_open != "off" and (cookie := _fast_open_option(tcb)) is not None:
        options = Options(mss, scale, sack, (0, 0) if stamped else None, fastopen=cookie)
        options.kinds = arranged(options.carried, cfg.option_order, cfg.option_padding, len(cookie))
        return options
    offer = _offer(mss, scale, sack, stamped, cfg.option_order, cfg.option_padding)
    if offer is None or not stamped:
        return offer
    return Options(mss, scale, sack, (0, 0), kinds=offer.kinds)


def _fast_open_option(tcb: TCB) -> bytes | None:
    """Return the cookie of our SYN or SYN,ACK, b"" to ask for one, or None for no such option (RFC 7413 4.1.1).

    What is sent again goes without: the option may be why the first was lost (4.2.2).
    """
    if tcb.retransmits:
        return None
    if tcb.state is SYN_SENT:
        return (tcb.fast_cookie or b"") if tcb.cfg.fast_open != "server" else None
    return tcb.fast_cookie if tcb.passive else None


@lru_cache(maxsize=256)
def _offer(mss: int | None, scale: int | None, sack: bool, stamped: bool, order: str, padding: str) -> Options | None:
    """Return the options of a SYN as they are laid out: the same for all SYNs that say the same."""
    options = Options(mss, scale, sack, (0, 0) if stamped else None)
    options.kinds = arranged(options.carried, order, padding)
    return options if options.kinds else None


# ------------------------------------------------------------------ what is settled


def settle(tcb: TCB, segment: Segment) -> None:
    """Take note of what a SYN or SYN,ACK of the peer says: its MSS, and which extensions are in use."""
    cfg, options = tcb.cfg, segment.options
    mss = None if options is None else options.mss
    tcb.peer_mss = default_send_mss(tcb) if mss is None else mss  # MUST-15
    tcb.path_mtu = min(tcb.path_mtu, cfg.mtu)
    if options is not None and not cfg.no_options:
        if options.wscale is not None and cfg.window_scale is not None:
            tcb.scaling = True
            tcb.snd_scale = min(options.wscale, MAX_WINDOW_SCALE)
            tcb.rcv_scale = cfg.window_scale
        tcb.sack_ok = cfg.sack and options.sack_ok
        tcb.ts_ok = cfg.timestamps and options.ts is not None
        if options.fastopen and tcb.state is SYN_SENT and cfg.fast_open in ("client", "both"):
            tcb.fast_cookie = options.fastopen  # for the next connection
    if cfg.ecn != "off":
        tcb.ecn_ok = _ecn_agreed(tcb, segment.ctl)
    tcb.extended = tcb.ts_ok or tcb.sack_ok or tcb.ecn_ok
    set_send_mss(tcb)


def unsettle(tcb: TCB, segment: Segment) -> None:
    """SYNs have crossed, and the SYN,ACK that follows has the last word: what it leaves out is not in use.

    RFC 7323 2.2 and 3.2 ask for the option in both: the peer may have seen a SYN of ours without it.
    """
    options = segment.options or Options()
    tcb.sack_ok = tcb.sack_ok and options.sack_ok
    tcb.ts_ok = tcb.ts_ok and options.ts is not None
    if options.wscale is None:
        tcb.scaling = False
        tcb.snd_scale = tcb.rcv_scale = 0
    set_send_mss(tcb)


def _ecn_agreed(tcb: TCB, ctl: int) -> bool:
    """RFC 3168 6.1.1: an ECN-setup SYN has ECE and CWR, an ECN-setup SYN,ACK has ECE alone.

    Who has sent a SYN that was none must not set ECT, be it that SYNs have crossed. With the bit AE (RFC 9768) it is
    taken for what it is to an end that does not know that bit.
    """
    if tcb.state is SYN_SENT and not tcb.ecn_asked and (ctl & ACK or not tcb.cfg.ecn_crossed):
        return False
    return ctl & (ECE | CWR) == (ECE if ctl & ACK else ECE | CWR)
