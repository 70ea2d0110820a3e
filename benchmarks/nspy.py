"""The peer: the same transfers in ns.py 0.4.3 (PyPI `ns.py`, import `ns`), which runs on simpy.

ns.py has no handshake, no close, no receive window and no real segments, acknowledges every packet
and sends only whole multiples of its MSS; sizes are rounded up to one. It has no SACK: losses are repaired
by duplicate ACKs alone. Its loss draws from the module-wide generator, which is given a seed before each
run. A packet put on a wire counts as a segment, acknowledgments included, as in our own count.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Transfers:
    """What ran: packets put on wires, both ways; octets received; CPU seconds of the simulation."""

    segments: int
    octets: int
    seconds: float


def whole_packets(octets: int, mss: int) -> int:
    """Return `octets` rounded up to a multiple of `mss`, which is what ns.py can send."""
    return -(-octets // mss) * mss


def transfers(
    flows: int, octets: int, *, mss: int, rate: int | None, delay: float, window: int, loss: float = 0.0
) -> Transfers:
    """Run `flows` transfers at once, each over two wires of its own, and measure the simulation.

    `rate` is in bit/s or None, `delay` in seconds one way, `loss` a probability in each direction.
    `window`, in octets, is where slow start ends. Raises ImportError without ns.py.
    """
    import simpy
    from ns.flow.cc import TCPReno
    from ns.flow.flow import Flow
    from ns.packet.tcp_generator import TCPPacketGenerator
    from ns.packet.tcp_sink import TCPSink
    from ns.port.port import Port
    from ns.port.wire import Wire

    random.seed(2)
    losing = (lambda packet_id: loss) if loss else None
    env = simpy.Environment()
    wires: list[Any] = []
    sinks: list[Any] = []
    size = whole_packets(octets, mss)
    for number in range(flows):
        flow = Flow(fid=number, src="client", dst="server", size=size, start_time=0, finish_time=1e9)
        congestion = TCPReno(mss=mss, cwnd=10 * mss, ssthresh=window)
        sender = TCPPacketGenerator(env, flow, congestion, element_id=number)
        sender.mss = mss
        sink = TCPSink(env, rec_arrivals=False, rec_waits=False)
        there, back = Wire(env, lambda: delay, losing), Wire(env, lambda: delay, losing)
        if rate is None:
            sender.out = there
        else:
            sender.out = Port(env, rate)
            sender.out.out = there
        there.out, sink.out, back.out = sink, back, sender
        wires += [there, back]
        sinks.append((number, sink))
    began = time.process_time()
    env.run()
    seconds = time.process_time() - began
    received = sum(sink.next_seq_expected for _, sink in sinks)
    # Where something is lost, its generator may send some packets beyond the end.
    assert received == flows * size or (loss and received > flows * size), (
        f"ns.py delivered {received} of {flows * size} octets"
    )
    return Transfers(sum(wire.packets_rec for wire in wires), received, seconds)
