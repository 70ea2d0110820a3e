"""TCP options between a script and the stack: the list of a script's packet as `Options`, and `Options` as a list.

Rule 1. The layout is kept: every nop and eol of the script's list stands in the layout, in its place.
Rule 2. What `Options` has no field for (MD5, AccECN, experiments, any `gen`) travels as it stands, kind and octets; so
        does the second of two options where there is place for one.
Rule 3. Blocks of SACK count from a number that the caller gives; timestamps are not mapped here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ..tcp.options import KINDS, Options
from ..tcp.seqnum import MASK
from ..wire.errors import WireError
from ..wire.options import decode_options
from . import script

if TYPE_CHECKING:
    from .script import TcpOption

EXPERIMENT: Final = 254
"""The kind of experiments (RFC 6994 2), told apart by the ExID that follows."""
MD5_KIND: Final = 19
"""RFC 2385 3.0."""
ACCECN_KINDS: Final = (172, 174)
"""RFC 9768 3.2.3: the option that begins with the ECT(0) counter, and the one that begins with that of ECT(1)."""
ACCECN_EXIDS: Final = (0xACC0, 0xACC1)
ACK_RATE_EXID: Final = 0x00AC
"""The ExID under which draft-ietf-tcpm-ack-rate-request travels."""


class NotRunnable(Exception):
    """An option, or a packet, is in the language and not in what tcpsim runs; the message is the reason."""


# ------------------------------------------------------------------ from the script


@lru_cache(maxsize=4096)
def written(options: tuple[TcpOption, ...]) -> Options | None:
    """Return a script's list as it stands, None if it is empty.

    Raises NotRunnable for an MD5 digest that is to be computed, and for raw octets that are no options.
    """
    if not options:
        return None
    if isinstance(options[0], script.RawOptions):
        return _raw(options[0])
    mss = wscale = ts = fastopen = None
    sack: tuple[tuple[int, int], ...] = ()
    sack_ok = False
    layout: list[str] = []
    others: list[tuple[int, bytes]] = []
    for option in options:
        name = _NAMES.get(type(option), "other")
        if isinstance(option, script.FastOpen) and option.experimental:
            name = "FOEXP"
        if name in layout and name not in ("nop", "eol"):
            name = "other"
        if name == "other":
            others.append(_octets(option))
        elif isinstance(option, script.Mss):
            mss = option.value
        elif isinstance(option, script.WindowScale):
            wscale = option.shift
        elif isinstance(option, script.SackPermitted):
            sack_ok = True
        elif isinstance(option, script.Timestamps):
            ts = (option.value or 0, option.echo)
        elif isinstance(option, script.Sack):
            sack = option.blocks
        elif isinstance(option, script.FastOpen):
            fastopen = option.cookie
        layout.append(name)
    return Options(mss, wscale, sack_ok, ts, sack, fastopen, tuple(layout), tuple(others))


_NAMES: Final[dict[type, str]] = {
    script.Nop: "nop", script.Eol: "eol", script.Mss: "mss", script.WindowScale: "wscale",
    script.SackPermitted: "sackOK", script.Sack: "sack", script.Timestamps: "TS", script.FastOpen: "FO",
}  # fmt: skip


def _raw(option: script.RawOptions) -> Options | None:
    try:
        return decode_options(option.data)
    except WireError as error:
        raise NotRunnable(f"these octets are no list of TCP options: {error}") from error


def _octets(option: TcpOption) -> tuple[int, bytes]:
    """Return the kind and the content of an option that travels as it stands."""
    if isinstance(option, script.Generic):
        return option.kind, option.data
    if isinstance(option, script.Experimental):
        return EXPERIMENT, option.exid.to_bytes(2, "big") + option.data
    if isinstance(option, script.Md5):
        if option.digest is None:
            raise NotRunnable("tcpsim doesn't compute MD5 signatures (RFC 2385)")
        return MD5_KIND, option.digest
    if isinstance(option, script.AccEcn):
        counters = b"".join((counter & 0xFFFFFF).to_bytes(3, "big") for counter in option.counters)
        if option.experimental:
            return EXPERIMENT, ACCECN_EXIDS[option.order].to_bytes(2, "big") + counters
        return ACCECN_KINDS[option.order], counters
    if isinstance(option, script.AckRate):
        rate = b"" if option.rate is None else option.rate.to_bytes(1, "big")
        return EXPERIMENT, ACK_RATE_EXID.to_bytes(2, "big") + rate
    return _repeated(option)


def _repeated(option: TcpOption) -> tuple[int, bytes]:
    """Return an option that stands in the list a second time."""
    if isinstance(option, script.Mss):
        return KINDS["mss"], option.value.to_bytes(2, "big")
    if isinstance(option, script.WindowScale):
        return KINDS["wscale"], option.shift.to_bytes(1, "big")
    if isinstance(option, script.Timestamps):
        return KINDS["TS"], (option.value or 0).to_bytes(4, "big") + option.echo.to_bytes(4, "big")
    if isinstance(option, script.Sack):
        return KINDS["sack"], b"".join(edge.to_bytes(4, "big") for block in option.blocks for edge in block)
    if isinstance(option, script.FastOpen):
        return KINDS["FO"], option.cookie
    return KINDS["sackOK"], b""


def sent(options: tuple[TcpOption, ...], offset: int, echo: int | None) -> Options | None:
    """Return the options of an inbound packet: SACK blocks moved by `offset`, TSecr replaced by `echo` if given."""
    plain = written(options)
    if plain is None or not (plain.sack or echo is not None):
        return plain
    ts = plain.ts if echo is None or plain.ts is None else (plain.ts[0], echo)
    moved = _moved(plain.sack, offset)
    return Options(
        plain.mss, plain.wscale, plain.sack_ok, ts, moved, plain.fastopen, plain.kinds, plain.others
    )  # fmt: skip


def _moved(blocks: tuple[tuple[int, int], ...], offset: int) -> tuple[tuple[int, int], ...]:
    return tuple([((left + offset) & MASK, (right + offset) & MASK) for left, right in blocks])


# ------------------------------------------------------------------ from the stack


def listed(options: Options | None, offset: int = 0) -> tuple[TcpOption, ...]:
    """Return options as a script would list them, SACK blocks moved by `offset`."""
    if options is None:
        return ()
    others = iter(options.others)
    return tuple([_listed_one(options, name, offset, others) for name in options.layout])


def _listed_one(options: Options, name: str, offset: int, others: object) -> TcpOption:
    if name == "nop":
        return script.Nop()
    if name == "eol":
        return script.Eol()
    if name == "mss":
        return script.Mss(options.mss or 0)
    if name == "wscale":
        return script.WindowScale(options.wscale or 0)
    if name == "sackOK":
        return script.SackPermitted()
    if name == "TS":
        value, echo = options.ts or (0, 0)
        return script.Timestamps(value, echo)
    if name == "sack":
        return script.Sack(_moved(options.sack, offset))
    if name in ("FO", "FOEXP"):
        return script.FastOpen(options.fastopen or b"", name == "FOEXP")
    kind, content = next(others)  # type: ignore[call-overload]  # an iterator over (kind, octets)
    return script.Generic(kind, content)
