"""What a block of code sees: the fields of TCP_INFO at its time, and the numbers that stand for states and options.

Rule 1. A field that tcpsim doesn't know has no name here; a block that asks for it is not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.diagram import State

if TYPE_CHECKING:
    from .calls import Calls
    from .mapping import Sockets

SYMBOLS: Final[dict[str, int]] = {
    "TCP_ESTABLISHED": 1, "TCP_SYN_SENT": 2, "TCP_SYN_RECV": 3, "TCP_FIN_WAIT1": 4, "TCP_FIN_WAIT2": 5,
    "TCP_TIME_WAIT": 6, "TCP_CLOSE": 7, "TCP_CLOSE_WAIT": 8, "TCP_LAST_ACK": 9, "TCP_LISTEN": 10, "TCP_CLOSING": 11,
    "TCP_CA_Open": 0, "TCP_CA_Disorder": 1, "TCP_CA_CWR": 2, "TCP_CA_Recovery": 3, "TCP_CA_Loss": 4,
    "TCPI_OPT_TIMESTAMPS": 1, "TCPI_OPT_SACK": 2, "TCPI_OPT_WSCALE": 4, "TCPI_OPT_ECN": 8, "TCPI_OPT_ECN_SEEN": 16,
    "TCPI_OPT_SYN_DATA": 32, "TCPI_OPT_USEC_TS": 64, "TCPI_OPT_TFO_CHILD": 128,
}  # fmt: skip
"""Linux's <netinet/tcp.h> and <linux/tcp.h>."""


STATE_NAMES: Final = {
    State.CLOSED: "TCPI_CLOSED", State.LISTEN: "TCPI_LISTEN", State.SYN_SENT: "TCPI_SYN_SENT",
    State.SYN_RECEIVED: "TCPI_SYN_RECEIVED", State.ESTABLISHED: "TCPI_ESTABLISHED", State.CLOSE_WAIT: "TCPI_CLOSE_WAIT",
    State.FIN_WAIT_1: "TCPI_FIN_WAIT_1", State.CLOSING: "TCPI_CLOSING", State.LAST_ACK: "TCPI_LAST_ACK",
    State.FIN_WAIT_2: "TCPI_FIN_WAIT_2", State.TIME_WAIT: "TCPI_TIME_WAIT",
}  # fmt: skip
"""nplab's names for the states, whose numbers differ from system to system."""


def snapshot(calls: Calls, sockets: Sockets) -> dict[str, int]:
    """Return the names and values that a block of code sees now; the symbols alone if the socket has no descriptor."""
    tracked = sockets.under_test
    states = calls.process.style.states
    values = SYMBOLS | {name: states.index(state) for state, name in STATE_NAMES.items() if state in states}
    if tracked is not None:
        values |= calls.tcp_info(tracked.fd)
    return values
