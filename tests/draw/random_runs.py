"""Random traces for the drawing tests: nothing a TCP would do, but everything a trace may contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tcpsim.tcp.diagram import State

from .runs import Run

if TYPE_CHECKING:
    from tcpsim.trace import Trace

STATES = [str(state) for state in State]
TIMES = st.one_of(st.sampled_from([0.0, 1.0, 50.0, 50.000001, 100.0, 1000.0, 240_000.0]), st.floats(0, 2000))
DELAYS = st.sampled_from([0.0, 0.000001, 5.0, 50.0, 50.0, 50.0, 3000.0])
BY = st.sampled_from(["random loss 10%", "fault: drop the 2nd SYN,ACK from the server", "x", ""])
CTL = st.sampled_from(["SYN", "SYN,ACK", "ACK", "PSH,ACK", "FIN,PSH,ACK", "RST", "URG,PSH,ACK", "none"])
HAPPENINGS = ["segment", "segment", "segment", "burst", "move", "timer", "call", "gets", "note"]
TIMERS = ["retransmission", "delayed ack", "time-wait", "persist"]


@st.composite
def traces(draw: st.DrawFn, most: int = 14) -> Trace:
    """A trace of one to four hosts and up to `most` happenings, with up to three connections each."""
    hosts = tuple(["client", "server", "router", "a host with quite a long name"][: draw(st.integers(1, 4))])
    run = Run(draw(st.sampled_from(["", "A title", "A title that is long " * 12])), "RFC 9293", hosts)
    host = st.sampled_from(hosts)
    for _ in range(draw(st.integers(0, most))):
        at, who = draw(TIMES), draw(host)
        what = draw(st.sampled_from(HAPPENINGS))
        if what == "segment":
            _segment(draw, run, at, who, draw(host))
        elif what == "burst":
            for number in range(draw(st.integers(2, 6))):
                run.arrived(at + 50, run.sent(at, who, "ACK", 1 + 1460 * number, 1, 1460, to=draw(host)))
        elif what == "move":
            run.move(at, who, draw(st.sampled_from(STATES)), draw(st.sampled_from(STATES)), draw(st.integers(1, 3)))
        elif what == "timer":
            timer = draw(st.sampled_from(TIMERS))
            run.set(at, who, timer, 200)
            if draw(st.booleans()):
                run.fire(at + 200, who, timer)
        elif what == "call":
            error = draw(st.sampled_from(["", "error: connection does not exist"]))
            run.call(at, who, draw(st.sampled_from(["close()", "connect(192.0.2.200:49152)"])), error)
        elif what == "gets":
            run.gets(at, who, 1460)
        else:
            run.note(at, who, "a remark that somebody made in a scenario, quite long")
    return run.trace()


def _segment(draw: st.DrawFn, run: Run, at: float, host: str, to: str) -> None:
    delay = draw(DELAYS)
    known = draw(st.booleans())
    packet = run.sent(
        at, host, draw(CTL), draw(st.integers(-5, 100_000)), draw(st.none() | st.integers(0, 100_000)),
        draw(st.sampled_from([0, 0, 1, 1460])), to=to, connection=1 if known else None,
    )  # fmt: skip
    fate = draw(st.sampled_from(["arrive", "arrive", "arrive", "lose", "corrupt", "copy", "hold", "stay"]))
    if fate == "lose":
        run.lost(at, packet, at + delay, draw(BY))
    elif fate == "corrupt":
        run.corrupted(at + delay, packet, draw(BY))
    elif fate == "copy":
        run.copied(at, packet, at + delay + 1, draw(BY))
        run.arrived(at + delay, packet)
        run.arrived(at + delay + 1, packet)
    elif fate == "hold":
        run.held(at, packet, at + delay + 300, draw(BY))
        run.arrived(at + delay + 300, packet)
    elif fate == "arrive":
        run.arrived(at + delay, packet)
        if draw(st.booleans()):
            run.discarded(at + delay, packet)
