"""The plain interface of a congestion control, and the one that does not control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable


ENDLESS: Final = 1 << 40
"""More octets than can be in flight."""


class CongestionControl(Protocol):
    """What the endpoint asks of a congestion control. All amounts are octets."""

    cwnd: int
    """How much may be in flight."""
    ssthresh: int
    """Below it cwnd grows by slow start, above by congestion avoidance."""

    def acked(self, octets: int) -> None:
        """Take note that new data was acknowledged, outside recovery."""

    def enter_recovery(self, flight: int) -> None:
        """React to the third duplicate ACK, with `flight` octets outstanding."""

    def enter_recovery_by_sack(self, flight: int) -> None:
        """React to a loss that SACK shows, with `flight` octets outstanding; cwnd then bounds what is in the pipe."""

    def duplicate(self) -> None:
        """Take note of a further duplicate ACK during recovery."""

    def partial(self, octets: int) -> None:
        """Take note of an ACK during recovery that leaves a part of the window outstanding."""

    def leave_recovery(self, flight: int) -> None:
        """Take note of the ACK that covers all that was outstanding when recovery began."""

    def marked(self, flight: int) -> None:
        """React to the echo of a congestion mark (RFC 3168 6.1.2), with `flight` octets outstanding."""

    def timeout(self, flight: int, first: bool) -> None:
        """React to a retransmission timeout; `first` if this segment was not yet resent by one."""

    def resized(self, mss: int) -> None:
        """Take note that segments are smaller from now on: the path takes no more than `mss` octets of text."""

    def idle(self) -> None:
        """Take note that nothing was sent for an RTO."""

    def fork(self) -> CongestionControl:
        """Return an independent copy."""

    def key(self) -> Hashable:
        """Return a value that is equal for controls that will decide alike from now on."""


class Unlimited:
    """No congestion control: the peer's window alone limits what is in flight."""

    __slots__ = ("cwnd", "ssthresh")

    def __init__(self) -> None:
        self.cwnd = ENDLESS
        self.ssthresh = ENDLESS

    def acked(self, octets: int) -> None:
        """Do nothing, as all the other methods here."""

    def enter_recovery(self, flight: int) -> None:
        """Do nothing."""

    def enter_recovery_by_sack(self, flight: int) -> None:
        """Do nothing."""

    def duplicate(self) -> None:
        """Do nothing."""

    def partial(self, octets: int) -> None:
        """Do nothing."""

    def leave_recovery(self, flight: int) -> None:
        """Do nothing."""

    def marked(self, flight: int) -> None:
        """Do nothing."""

    def timeout(self, flight: int, first: bool) -> None:
        """Do nothing."""

    def resized(self, mss: int) -> None:
        """Do nothing."""

    def idle(self) -> None:
        """Do nothing."""

    def fork(self) -> Unlimited:
        """Return itself: there is nothing in it that changes."""
        return self

    def key(self) -> Hashable:
        """Return the same for all."""
        return "unlimited"


UNLIMITED: Final = Unlimited()
"""The one instance there need be: nothing in it changes."""
