"""How much memory a connection takes, and a segment in a trace: octets that Python's allocator handed out."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Final

from tcpsim.net import Network

from .workloads import PORT, w2, w3

CONNECTIONS: Final = 1000


def idle_connection() -> float:
    """Return the octets per open, idle connection, both ends together, without a trace."""
    network = Network(trace=False)
    client, server = network.host("client"), network.host("server")
    network.link(client, server, delay="10ms")
    server.listen(PORT)
    gc.collect()
    tracemalloc.start()
    for _ in range(CONNECTIONS):
        client.connect(server, PORT)
    network.run(until="10s")
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / CONNECTIONS


def busy_connection() -> float:
    """Return the octets per connection at the peak of W3 with 1 % loss, without a trace."""
    return _peak(trace=False) / CONNECTIONS


def _peak(*, trace: bool) -> int:
    gc.collect()
    tracemalloc.start()
    w3(CONNECTIONS, 20_000, trace=trace, loss="1%")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def traced_segment() -> float:
    """Return the octets by which a trace grows for each segment of W2."""
    segments, peaks = 0, []
    for trace in (False, True):
        gc.collect()
        tracemalloc.start()
        segments = w2(5_000_000, trace=trace).segments
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        peaks.append(peak)
    return (peaks[1] - peaks[0]) / segments
