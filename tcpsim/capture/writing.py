"""Captures of simulated runs, as pcap or pcapng: `write_capture`.

Rule 1. Equal traces give equal bytes: nothing in them tells of the machine, the day or the version.
Rule 2. Times are whole nanoseconds, in both formats: those of the run, after `epoch`.
Rule 3. pcap has one vantage point and no notes. pcapng has an interface for each vantage point, and what is known of
        a packet there stands beside it as comments, one for each thing.
Rule 4. Nothing is written before everything is made.
"""

from __future__ import annotations

from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Final

from ..trace.naming import printable
from ..wire import WireError
from ..wire.addresses import packed
from .frames import LINKTYPE_ETHERNET, LINKTYPE_RAW
from .packing import NotWritable
from .pcap import LONGEST_FRAME
from .pcapng import ENHANCED_PACKET, IF_DESCRIPTION, IF_NAME, IF_TSRESOL, INTERFACE, OPT_COMMENT, SECTION
from .vantage import Seen, Vantage, named, seen, vantages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tcp.units import Time
    from ..trace import Trace

FORMATS: Final = ("pcap", "pcapng")
LINKS: Final = {"raw": LINKTYPE_RAW, "ethernet": LINKTYPE_ETHERNET}
"""The link layers that can be written, by the name that a person gives them."""
LATEST: Final = (1 << 32) * 1_000_000_000
"""pcap counts seconds in 32 bits: until February 2106. pcapng is held to the same, so that one can become the other."""

_PCAP_HEADER: Final = Struct("<IHHiIII")
_PCAP_RECORD: Final = Struct("<IIII")
_BLOCK: Final = Struct("<II")
_NUMBER: Final = Struct("<I")
_OPTION: Final = Struct("<HH")
_SECTION: Final = Struct("<IHHq")
_INTERFACE: Final = Struct("<HHI")
_PACKET: Final = Struct("<IIIII")
_NAME_RESOLUTION: Final = 4
_IP_RECORDS: Final = {4: 1, 16: 2}
_SHB_USERAPPL: Final = 4
_NANOSECONDS: Final = 9
_LONGEST_OPTION: Final = 65_535


def write_capture(
    trace: Trace,
    path: str | Path,
    at: str | None = None,
    *,
    form: str | None = None,
    link: int = LINKTYPE_RAW,
    epoch: Time = 0,
) -> int:
    """Write what can be seen of a run; return how many frames that is.

    Args:
        trace: the run.
        path: the file.
        at: the vantage point: a host, a link ("client-server") or a direction ("client>server"); by default the
            first host for pcap, and for pcapng every host and every link.
        form: "pcap" or "pcapng"; by default what the file's name ends with.
        link: LINKTYPE_RAW or LINKTYPE_ETHERNET.
        epoch: when the run began, nanoseconds since 1970-01-01 00:00 UTC.

    Raises:
        ValueError: if there is no such vantage point, format or link layer.
        NotWritable: a ValueError, for a packet that no octets can be, or a time that no capture can tell.
        OSError: if the file can't be written.
    """
    pieces = list(capture_pieces(trace, form or format_of(path), at, link=link, epoch=epoch))
    with open(path, "wb") as file:
        file.writelines(pieces)
    return len(pieces) - 1


def format_of(path: str | Path) -> str:
    """Return the format that a file's name asks for; ValueError if it asks for none."""
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise ValueError(f"expected a file's name that ends with .pcap or .pcapng, not {printable(str(path))!r}")
    return suffix


def capture_pieces(
    trace: Trace, form: str, at: str | None = None, *, link: int = LINKTYPE_RAW, epoch: Time = 0
) -> Iterator[bytes]:
    """Give the octets of a capture: what stands before the frames, then each frame; raises as `write_capture`."""
    if form not in FORMATS:
        raise ValueError(f"expected {' or '.join(FORMATS)}, not {form!r}")
    if link not in LINKS.values():
        raise ValueError(f"expected LINKTYPE_RAW (101) or LINKTYPE_ETHERNET (1), not {link!r}")
    points = _points(trace, form, at)
    frames = seen(trace, points, link)
    if form == "pcap":
        yield _PCAP_HEADER.pack(0xA1B23C4D, 2, 4, 0, 0, LONGEST_FRAME, link)
        for frame in frames:
            seconds, rest = divmod(_when(frame, epoch), 1_000_000_000)
            size = len(frame.octets)
            yield _PCAP_RECORD.pack(seconds, rest, size, size) + frame.octets
        return
    yield _preface(trace, points, link)
    for frame in frames:
        yield _packet(frame, _when(frame, epoch))


def _points(trace: Trace, form: str, at: str | None) -> list[Vantage]:
    points = vantages(trace)
    if at is None:
        return points[:1] if form == "pcap" else points
    point = named(trace, at)
    if point is None:
        there = ", ".join(each.name for each in points)
        raise ValueError(f"expected a host or a link of the run ({there}), not {printable(at)!r}")
    return [point]


def _when(frame: Seen, epoch: Time) -> Time:
    time = epoch + frame.time
    if not 0 <= time < LATEST:
        raise NotWritable(f"a packet at {frame.time} ns: a capture tells times from 1970 to 2106")
    return time


# ------------------------------------------------------------------ pcapng


def _preface(trace: Trace, points: list[Vantage], link: int) -> bytes:
    """Return the blocks before the packets: the section, its interfaces, and the hosts' names."""
    header = trace.header
    about: list[tuple[int, str | bytes]] = [(OPT_COMMENT, text) for text in (header.title, header.source) if text]
    section = _SECTION.pack(0x1A2B3C4D, 1, 0, -1) + _options([*about, (_SHB_USERAPPL, "tcpsim")])
    blocks = [_block(SECTION, section)]
    for point in points:
        options: list[tuple[int, str | bytes]] = [(IF_NAME, point.name), (IF_DESCRIPTION, point.description)]
        options.append((IF_TSRESOL, bytes((_NANOSECONDS,))))
        blocks.append(_block(INTERFACE, _INTERFACE.pack(link, 0, LONGEST_FRAME) + _options(options)))
    names = b"".join(_name(address, host.name) for host in header.hosts for address in host.addresses)
    if names:
        blocks.append(_block(_NAME_RESOLUTION, names + bytes(4)))
    return b"".join(blocks)


def _packet(frame: Seen, time: Time) -> bytes:
    size = len(frame.octets)
    fixed = _PACKET.pack(frame.interface, time >> 32, time & 0xFFFFFFFF, size, size)
    notes = _options([(OPT_COMMENT, note) for note in frame.notes]) if frame.notes else b""
    return _block(ENHANCED_PACKET, fixed + _padded(frame.octets) + notes)


def _name(address: str, name: str) -> bytes:
    """Return the record that an address is a host's; nothing for what is no address."""
    try:
        octets = packed(address)
    except WireError:
        return b""
    value = octets + name.encode("utf-8", "replace")[:255] + b"\0"
    return _OPTION.pack(_IP_RECORDS[len(octets)], len(value)) + _padded(value)


def _block(kind: int, content: bytes) -> bytes:
    length = len(content) + 12
    return _BLOCK.pack(kind, length) + content + _NUMBER.pack(length)


def _options(options: list[tuple[int, str | bytes]]) -> bytes:
    written = bytearray()
    for code, value in options:
        octets = value.encode("utf-8", "replace")[:_LONGEST_OPTION] if isinstance(value, str) else value
        written += _OPTION.pack(code, len(octets)) + _padded(octets)
    return bytes(written) + bytes(4)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
