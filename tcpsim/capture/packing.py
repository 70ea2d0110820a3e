"""From records of a trace to frames' octets: datagrams as real hosts would send them.

Rule 1. A trace does not hold all that is on a wire, so the rest is made, always the same: a time to live of 64, DF,
        and for IPv4 the packet's number in the trace as identification, so that a packet is found again at
        every vantage point, and copies are told from retransmissions.
Rule 2. Text that was only counted is zeros.
Rule 3. An ICMP error comes from the address that its packet was for: a trace knows of no router.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..net.packet import TTL
from ..trace import Arrived, Datagram, Note, SegmentRecord, Sent
from ..wire import ERRORS, Tcp, Udp, WireError, encode, icmp_error
from ..wire import Datagram as Packet
from .frames import LINKTYPE_ETHERNET

if TYPE_CHECKING:
    from ..trace import Flow, Trace

LONGEST_TEXT: Final = 65_535
_ICMP: Final = re.compile(r"arrived: <ICMP ([a-z ]+) SEQ=(\d+)(?: MTU=(\d+))?>")
_UDP_SENDS: Final = re.compile(r"UDP port (\d+): sends ICMP port unreachable")
_UDP_ARRIVED: Final = re.compile(r"arrived: ICMP port unreachable \(port (\d+)\)")
_MAC: Final = bytes.fromhex("020000000000")
"""Locally administered, as no vendor gives them (IEEE 802c); its last octets are the host's number."""
_ETHERTYPES: Final = {4: b"\x08\x00", 6: b"\x86\xdd"}


class NotWritable(ValueError):
    """A packet of a trace that no octets can be; the message says which, when and why."""


def datagram_of(record: SegmentRecord) -> bytes:
    """Return the datagram of a record; NotWritable if a value does not fit into its field."""
    flow, segment = record.flow, record.segment
    if segment.length > LONGEST_TEXT:
        raise _not_writable(record, f"{segment.length} octets of text; expected at most {LONGEST_TEXT}")
    payload: Tcp | Udp
    if isinstance(segment, Datagram):
        payload = Udp(flow[1], flow[3], bytes(segment.length) if segment.text is None else segment.text)
    else:
        payload = Tcp(flow[1], flow[3], segment)
    ident = 0 if ":" in flow[0] else record.packet & 0xFFFF
    try:
        return encode(Packet(flow[0], flow[2], payload, ttl=TTL, ident=ident))
    except WireError as error:
        raise _not_writable(record, str(error)) from error


def _not_writable(record: SegmentRecord, why: str) -> NotWritable:
    return NotWritable(f"packet {record.packet} at {record.time} ns: {why}")


def damaged(octets: bytes) -> bytes:
    """Return a datagram whose last octet was damaged on the way, so that its checksum is wrong."""
    return octets[:-1] + bytes((octets[-1] ^ 0xFF,))


class Errors:
    """The ICMP errors of a run: a trace has them as notes, from which the messages are made again."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, int], SegmentRecord] = {}
        self._sent_to: dict[tuple[str, int], SegmentRecord] = {}
        self._arrived_at: dict[tuple[str, int], SegmentRecord] = {}

    def see(self, record: SegmentRecord) -> None:
        """Take note of a packet, which an error may quote later on."""
        if not isinstance(record.segment, Datagram):
            if isinstance(record, Sent):
                self._sent[record.host, record.segment.seq] = record
        elif isinstance(record, Sent):
            self._sent_to[record.host, record.flow[3]] = record
        elif isinstance(record, Arrived):
            self._arrived_at[record.host, record.flow[3]] = record

    def message(self, record: Note) -> tuple[bytes, Flow] | None:
        """Return the datagram with the error that a note tells of, and the flow that it quotes; None if of none."""
        kind, mtu = "port unreachable", 0
        if found := _ICMP.fullmatch(record.text):
            kind, mtu = found[1], int(found[3] or 0)
            about = self._sent.get((record.host, int(found[2])))
        elif found := _UDP_SENDS.fullmatch(record.text):
            about = self._arrived_at.get((record.host, int(found[1])))
        elif found := _UDP_ARRIVED.fullmatch(record.text):
            about = self._sent_to.get((record.host, int(found[1])))
        else:
            return None
        if about is None:
            return None
        source, _, target, _ = about.flow
        version = 6 if ":" in source else 4
        if kind not in ERRORS[version]:
            return None
        error = icmp_error(version, kind, datagram_of(about), mtu)
        return encode(Packet(target, source, error, ttl=TTL)), about.flow


class Wrapping:
    """The link layer: nothing, or Ethernet, whose addresses are made up for the hosts in their order."""

    def __init__(self, trace: Trace, link: int) -> None:
        self.link = link
        self._macs = {name: _MAC[:4] + number.to_bytes(2, "big") for number, name in enumerate(trace.hosts, 1)}
        self._owners = {address: host.name for host in trace.header.hosts for address in host.addresses}

    def owner(self, address: str) -> str:
        """Return the name of the host with an address, "" for an address that no host has."""
        return self._owners.get(address, "")

    def frame(self, datagram: bytes, source: str, target: str) -> bytes:
        """Return a datagram as a frame between two hosts, of which either may be unknown."""
        if self.link != LINKTYPE_ETHERNET:
            return datagram
        macs = self._macs
        return macs.get(target, _MAC) + macs.get(source, _MAC) + _ETHERTYPES[datagram[0] >> 4] + datagram
