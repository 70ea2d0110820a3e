"""Every numbered requirement of RFC 9293, and how far the simulator follows it.

The numbers are those of the RFC's text and of its Appendix B, all of them. What an entry says is checked: the code,
the knobs, the rules and the tests that it names exist, and every rule or knob that cites a requirement stands here.
`docs/requirements.md` is made of this table, and `tcpsim coverage` counts by it.
"""

from __future__ import annotations

from typing import Final

from .connections import CONNECTIONS
from .data import DATA
from .entry import STATUSES, Requirement
from .interfaces import INTERFACES

REQUIREMENTS: Final[dict[str, Requirement]] = {each.id: each for each in (*CONNECTIONS, *DATA, *INTERFACES)}
"""Every requirement by its id, in the order of the RFC's sections."""

SECTIONS: Final[dict[str, str]] = {
    "3.1": "Header Format",
    "3.2": "Specific Option Definitions",
    "3.4": "Sequence Numbers",
    "3.4.1": "Initial Sequence Number Selection",
    "3.5": "Establishing a Connection",
    "3.5.3": "Reset Processing",
    "3.6": "Closing a Connection",
    "3.6.1": "Half-Closed Connections",
    "3.7.1": "Maximum Segment Size Option",
    "3.7.3": "Interfaces with Variable MTU Values",
    "3.7.4": "Nagle Algorithm",
    "3.8.1": "Retransmission Timeout",
    "3.8.2": "TCP Congestion Control",
    "3.8.3": "TCP Connection Failures",
    "3.8.4": "TCP Keep-Alives",
    "3.8.5": "The Communication of Urgent Information",
    "3.8.6": "Managing the Window",
    "3.8.6.1": "Zero-Window Probing",
    "3.8.6.2.1": "Sender's Algorithm -- When to Send Data",
    "3.8.6.2.2": "Receiver's Algorithm -- When to Send a Window Update",
    "3.8.6.3": "Delayed Acknowledgments -- When to Send an ACK Segment",
    "3.9.1.1": "Open",
    "3.9.1.2": "Send",
    "3.9.1.3": "Receive",
    "3.9.1.7": "Flush",
    "3.9.1.8": "Asynchronous Reports",
    "3.9.1.9": "Set Differentiated Services Field (IPv4 TOS or IPv6 Traffic Class)",
    "3.9.2": "TCP/Lower-Level Interface",
    "3.9.2.1": "Source Routing",
    "3.9.2.2": "ICMP Messages",
    "3.9.2.3": "Source Address Validation",
    "3.10.7.4": "Other States",
}
"""The titles of the sections that hold a requirement."""

LEVELS: Final = ("MUST", "SHLD", "REC", "MAY")
"""The kinds of requirement, the strictest first."""

__all__ = ["LEVELS", "REQUIREMENTS", "SECTIONS", "STATUSES", "Requirement"]
