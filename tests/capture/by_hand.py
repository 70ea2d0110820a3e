"""Captures made by hand, field by field, in either byte order: what the readers of the tests read."""

from __future__ import annotations

import io
import struct

from tcpsim.capture import Frame, Frames, read_frames
from tcpsim.tcp.segment import segment
from tcpsim.wire import Datagram, Tcp, encode

MICRO = 0xA1B2C3D4
NANO = 0xA1B23C4D


def pcap(order: str = "<", magic: int = MICRO, *records: bytes, snap: int = 65_535, link: int = 101) -> bytes:
    """A pcap file: its header, and records."""
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link) + b"".join(records)


def record(order: str, seconds: int, fraction: int, octets: bytes, original: int | None = None) -> bytes:
    """A frame in a pcap file."""
    size = len(octets)
    return struct.pack(order + "IIII", seconds, fraction, size, size if original is None else original) + octets


def block(order: str, kind: int, content: bytes, length: int | None = None) -> bytes:
    """A block of pcapng; its length at both ends is right unless it is given."""
    length = len(content) + 12 if length is None else length
    return struct.pack(order + "II", kind, length) + content + struct.pack(order + "I", length)


def option(order: str, code: int, value: bytes) -> bytes:
    """An option of pcapng, padded."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<", options: bytes = b"", version: tuple[int, int] = (1, 0), length: int = -1) -> bytes:
    """A Section Header Block."""
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, *version, length) + options)


def interface(order: str = "<", link: int = 101, snap: int = 0, options: bytes = b"") -> bytes:
    """An Interface Description Block."""
    return block(order, 1, struct.pack(order + "HHI", link, 0, snap) + options)


def enhanced(
    order: str, ticks: int, octets: bytes, *, at: int = 0, original: int | None = None, options: bytes = b""
) -> bytes:
    """An Enhanced Packet Block."""
    size = len(octets)
    fixed = struct.pack(order + "IIIII", at, ticks >> 32, ticks & 0xFFFFFFFF, size, original or size)
    return block(order, 6, fixed + octets + bytes(-size % 4) + options)


def simple(order: str, octets: bytes, original: int | None = None) -> bytes:
    """A Simple Packet Block."""
    return block(order, 3, struct.pack(order + "I", original or len(octets)) + octets + bytes(-len(octets) % 4))


def obsolete(order: str, ticks: int, octets: bytes, *, at: int = 0, options: bytes = b"") -> bytes:
    """A Packet Block, which is obsolete."""
    size = len(octets)
    fixed = struct.pack(order + "HHIIII", at, 7, ticks >> 32, ticks & 0xFFFFFFFF, size, size)
    return block(order, 2, fixed + octets + bytes(-size % 4) + options)


def frames_of(octets: bytes) -> list[Frame]:
    """Return the frames of a capture."""
    return list(opened(octets))


def opened(octets: bytes) -> Frames:
    """Return the reader of a capture that calls itself `x`."""
    return read_frames(io.BytesIO(octets), "x")


SYN = encode(Datagram("192.0.2.1", "192.0.2.2", Tcp(40_000, 80, segment("SYN", seq=100))))
SYN_V6 = encode(Datagram("2001:db8::1", "2001:db8::2", Tcp(40_000, 80, segment("SYN", seq=100))))
