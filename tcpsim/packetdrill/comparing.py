"""An expected packet beside the one that came: which fields differ.

Rule 1. Compared are the control bits, the sequence number, the acknowledgment number (with 0 where the flag is
        absent), the length, the urgent pointer, and the options: which, in which order, with which values.
Rule 2. The window is compared only where the script writes it; TTL, TOS and ECN only where a prefix does; TSval only
        with --tcp_ts_tick_usecs, TSecr never; nothing of the options where the script writes `<...>`.
Rule 3. Every field that differs is told, not only the first.
Rule 4. Google's dialect joins consecutive segments of equal size, of which the last may be shorter, until they hold
        what one packet of the script holds: seq and CWR are then those of the first, all else those of the last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..tcp import segment as bits
from ..tcp.seqnum import MASK
from ..trace.trace import signed
from ..wire.errors import WireError
from ..wire.options import encode_options
from . import script
from .mapping import ACE, control_bits, flag_letters
from .optioning import written
from .results import Row
from .writing import format_options

if TYPE_CHECKING:
    from ..net.packet import Packet
    from ..tcp.options import Options
    from ..tcp.units import Time
    from .script import IpInfo, TcpPacket


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that isn't as the script says: its name, what the script says, what was found."""

    field: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected}, found {self.actual}"


@dataclass(frozen=True, slots=True)
class Came:
    """A packet that the stack sent, or several joined into one.

    Attributes:
        time: when it was sent.
        said: it, in the script's numbers.
        live: as it was on the wire; the last of those joined.
    """

    time: Time
    said: TcpPacket
    live: Packet

    @property
    def ctl(self) -> int:
        """The control bits, of several joined those that `said` has."""
        return control_bits(self.said.flags)


@dataclass(frozen=True, slots=True)
class Stamping:
    """How TSval is judged: microseconds per tick (0: not at all), and how many nanoseconds it may be off."""

    tick: int = 0
    tolerance: Time = 0


def differences(expected: TcpPacket, came: Came, stamping: Stamping) -> list[Difference]:
    """Return the fields of an outbound packet that aren't as the script says; time is not judged here."""
    said = came.said
    found = _flags(expected, came.ctl)
    if expected.seq is not None and (expected.seq - (said.seq or 0)) & MASK:
        found.append(_numbers("seq", expected.seq, said.seq or 0))
    if expected.length != said.length:
        found.append(_numbers("length", expected.length, said.length))
    if (expected.ack or 0) != (said.ack or 0):
        found.append(_numbers("ack", expected.ack or 0, said.ack or 0))
    if expected.window is not None and expected.window != said.window:
        found.append(_numbers("win", expected.window, said.window or 0))
    if (expected.urgent or 0) != (said.urgent or 0):
        found.append(_numbers("urg", expected.urgent or 0, said.urgent or 0))
    if expected.options is not None:
        found += _options(expected, said, stamping)
    if expected.ip is not None:
        found += _ip(expected.ip, came.live)
    if came.live.segment.text is not None and any(came.live.segment.text):
        found.append(Difference("payload", "zeros", "other octets"))
    return found


def _numbers(field: str, expected: int, actual: int) -> Difference:
    return Difference(field, str(expected), str(actual))


def _flags(expected: TcpPacket, ctl: int) -> list[Difference]:
    """Compare the control bits; those of the ACE field as a number where the script writes a digit."""
    ace = any(letter.isdigit() for letter in expected.flags)
    wanted = control_bits(expected.flags)
    if wanted == ctl:
        return []
    of_ace = sum(bit for _, bit in ACE)
    found = []
    if ace and (wanted ^ ctl) & of_ace:
        found.append(_numbers("ACE", *(sum(weight for weight, bit in ACE if each & bit) for each in (wanted, ctl))))
        wanted, ctl = wanted & ~of_ace, ctl & ~of_ace
    if wanted != ctl:
        found.append(Difference("flags", flag_letters(wanted) or "-", flag_letters(ctl) or "-"))
    return found


# ------------------------------------------------------------------ options


def _options(expected: TcpPacket, said: TcpPacket, stamping: Stamping) -> list[Difference]:
    assert expected.options is not None, "the caller has asked"
    wanted, got = written(expected.options), written(said.options or ())
    if expected.options and isinstance(expected.options[0], script.RawOptions):
        return _raw(expected.options[0].data, got)
    if wanted is None or got is None:
        same = (wanted is None) == (got is None)
        return [] if same else [Difference("options", option_words(expected), option_words(said))]
    if wanted.layout != got.layout:
        return [Difference("options", option_words(expected), option_words(said))]
    found = [
        Difference(name, _value(wanted, name), _value(got, name))
        for name in ("mss", "wscale", "sack", "fastopen", "others")
        if getattr(wanted, name) != getattr(got, name)
    ]
    if stamping.tick and wanted.ts is not None and got.ts is not None:
        compared = any(isinstance(o, script.Timestamps) and o.value is not None for o in expected.options)
        off = abs(signed(wanted.ts[0] - got.ts[0])) * stamping.tick * 1000
        if compared and off > stamping.tolerance:
            found.append(_numbers("TS val", wanted.ts[0], got.ts[0]))
    return found


def _raw(wanted: bytes, got: Options | None) -> list[Difference]:
    try:
        octets = b"" if got is None else encode_options(got)
    except WireError:  # a stack never sends such options
        octets = b""
    return [] if octets == wanted else [Difference("options", wanted.hex(), octets.hex() or "none")]


def _value(options: Options, name: str) -> str:
    value = getattr(options, name)
    if name == "sack":
        return " ".join(f"{left}:{right}" for left, right in value)
    if name == "others":
        return " ".join(f"kind {kind} {content.hex()}" for kind, content in value)
    return value.hex() if isinstance(value, bytes) else str(value)


def option_words(packet: TcpPacket) -> str:
    """Return the names of a packet's options in order, as "mss,nop,wscale"; "none" for none."""
    if packet.options is None:
        return "any"
    options = written(packet.options)
    return "none" if options is None else ",".join(options.layout)


# ------------------------------------------------------------------ the IP header


def _ip(wanted: IpInfo, live: Packet) -> list[Difference]:
    """Compare what a prefix writes of the IP header."""
    ecn = live.segment.ecn
    dscp = getattr(live, "tos", 0) >> 2
    found = []
    if wanted.ttl is not None and wanted.ttl != live.ttl:
        found.append(_numbers("ttl", wanted.ttl, live.ttl))
    if wanted.tos is not None and wanted.tos != (dscp << 2 | ecn):
        found.append(Difference("tos", hex(wanted.tos), hex(dscp << 2 | ecn)))
    if wanted.dscp is not None and wanted.dscp != dscp:
        found.append(Difference("dscp", hex(wanted.dscp), hex(dscp)))
    if wanted.ecn is not None:
        allowed = (bits.ECT_0, bits.ECT_1) if wanted.ecn == "ect01" else (_ECN_FIELDS[wanted.ecn],)
        if ecn not in allowed:
            found.append(Difference("ecn", wanted.ecn, _ECN_WORDS[ecn]))
    return found


_ECN_FIELDS = {"noecn": bits.NOT_ECT, "ect0": bits.ECT_0, "ect1": bits.ECT_1, "ce": bits.CE}
_ECN_WORDS: dict[int, script.Ecn] = {bits.NOT_ECT: "noecn", bits.ECT_0: "ect0", bits.ECT_1: "ect1", bits.CE: "ce"}


def seen_ip(wanted: IpInfo | None, live: Packet) -> IpInfo | None:
    """Return what the live packet's IP header says about what a prefix of the script names."""
    if wanted is None:
        return None
    octet = (getattr(live, "tos", 0) & 0xFC) | live.segment.ecn
    return script.IpInfo(
        ttl=None if wanted.ttl is None else live.ttl,
        tos=None if wanted.tos is None else octet,
        dscp=None if wanted.dscp is None else octet >> 2,
        ecn=None if wanted.ecn is None else _ECN_WORDS[live.segment.ecn],
    )


# ------------------------------------------------------------------ side by side


_OF_OPTIONS = frozenset({"options", "mss", "wscale", "sack", "fastopen", "others", "TS val"})


def side_by_side(expected: TcpPacket, came: Came, found: list[Difference]) -> list[Row]:
    """Return the fields of two packets, one row each, those in `found` marked; what isn't compared is in brackets."""
    said = came.said
    marked = {"options" if each.field in _OF_OPTIONS else each.field for each in found}
    if "ACE" in marked:
        marked.add("flags")
    window = f"({said.window})" if expected.window is None else str(said.window)
    options = format_options(said.options) or "none"
    rows = [
        ("flags", expected.flags or "-", said.flags or "-"),
        ("seq", "..." if expected.seq is None else str(expected.seq), str(said.seq)),
        ("length", str(expected.length), str(said.length)),
        ("ack", str(expected.ack or 0), str(said.ack or 0)),
        ("win", "any" if expected.window is None else str(expected.window), window),
        ("urg", str(expected.urgent or 0), str(said.urgent or 0)),
        (
            "options",
            format_options(expected.options) or "none",
            f"({options})" if expected.options is None else options,
        ),
    ]
    shown = [Row(*row, row[0] in marked) for row in rows if row[0] != "urg" or row[1:] != ("0", "0")]
    return shown + [Row(each.field, each.expected, each.actual, True) for each in found if each.field in _OF_IP]


_OF_IP = frozenset({"ttl", "tos", "dscp", "ecn", "payload"})


# ------------------------------------------------------------------ joining


_MAY_DIFFER = bits.PSH | bits.FIN | bits.CWR


def unlike(before: Came, after: Came, missing: int) -> list[Difference]:
    """Return why `after` can't continue `before` in one packet of the script, of which `missing` octets are missing."""
    first, second = before.live.segment, after.live.segment
    found = []
    if (first.ctl ^ second.ctl) & ~_MAY_DIFFER:
        found.append(Difference("flags", flag_letters(first.ctl) or "-", flag_letters(second.ctl) or "-"))
    if (first.seq + first.length - second.seq) & MASK:
        found.append(_numbers("seq", ((before.said.seq or 0) + first.length) & MASK, after.said.seq or 0))
    if first.ack != second.ack:
        found.append(_numbers("ack", before.said.ack or 0, after.said.ack or 0))
    if first.wnd != second.wnd:
        found.append(_numbers("win", first.wnd, second.wnd))
    if second.length < missing and second.length != first.length:
        found.append(_numbers("length", first.length, second.length))
    if option_words(before.said) != option_words(after.said):
        found.append(Difference("options", option_words(before.said), option_words(after.said)))
    return found


def joined(pieces: list[Came]) -> Came:
    """Return several segments as the one that a stack with segmentation offload would have sent."""
    if len(pieces) == 1:
        return pieces[0]
    first, last = pieces[0], pieces[-1]
    cwr = "W" if "W" in first.said.flags else ""
    said = replace(
        last.said,
        seq=first.said.seq,
        length=sum(piece.said.length for piece in pieces),
        flags=last.said.flags.replace("W", "") + cwr,
    )
    return Came(last.time, said, last.live)
