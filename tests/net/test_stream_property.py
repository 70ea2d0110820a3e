"""Any storm short of a dead link delivers both streams intact and ends both ends in CLOSED; and twice the same.

A storm is one seed, any mixture of impairments and scripted faults in both directions, knobs, numbers
near 2^31 and 2^32, applications that write, read and close as they like. See `storm`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tcpsim.net import Network
from tcpsim.tcp.diagram import CLOSED
from tcpsim.tcp.units import MS, SECOND
from tests.net.storm import FAULTS, HALF_SECOND, NEVER_GIVE_UP, Side, Storm, octets, run

if TYPE_CHECKING:
    from tcpsim.net import Connection

Pairs = tuple[tuple[str, Any], ...]


def some(choices: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Pairs]:
    """Any part of some keywords, each with a value."""
    return st.fixed_dictionaries({}, optional=choices).map(lambda chosen: tuple(chosen.items()))


KNOBS = some(
    {
        "mss": st.sampled_from([1, 7, 64, 536, 1000, 1460, 9000]),
        "mtu": st.sampled_from([68, 576, 9000]),
        "mss_option": st.sampled_from(["always", "never"]),
        "window_scale": st.integers(0, 9),
        "rcv_buff": st.sampled_from([1, 2, 10, 100, 700, 1500, 3000, 1 << 20]),
        "nagle": st.booleans(),
        "sws_override": st.sampled_from(["100ms", "1s"]),
        "delayed_ack": st.sampled_from([0, "40ms", "499ms"]),
        "ack_every": st.sampled_from([1, 3, 64]),
        "delay_fin_ack": st.booleans(),
        "accept_right_edge": st.booleans(),
        "rto_initial": st.sampled_from(["100ms", "3s"]),
        "rto_min": st.sampled_from(["1ms", "50ms", "200ms"]),
        "rto_granularity": st.sampled_from(["10ms", "100ms"]),
        "answer_duplicate_syn": st.booleans(),
        "congestion": st.sampled_from(["none", "newreno"]),
        "initial_window": st.sampled_from([1, 2, 10, 100]),
        "limited_transmit": st.booleans(),
        "idle_restart": st.booleans(),
        "challenge_ack": st.booleans(),
        "ack_repeats_fin": st.booleans(),
        "accept_whole_buffer": st.booleans(),
        "round_rcv_buff": st.booleans(),
        "window_update": st.sampled_from(["clark", "bsd", "doubling"]),
        "quick_acks": st.integers(0, 2),
        "rto_slop": st.sampled_from([0, "200ms"]),
        "time_wait_answers": st.sampled_from(["checked", "unexpected"]),
        "challenge_ack_limit": st.sampled_from([1, 2]),
        "time_wait_ignores_rst": st.booleans(),
        "msl": st.sampled_from(["15s", "30s"]),
        "sack": st.just(True),
        "dsack": st.booleans(),
        "sack_blocks": st.sampled_from([1, 3]),
        "sack_survives_rto": st.just(True),
        "prr": st.booleans(),
        "loss_keeps": st.sampled_from([10, 70]),
        "timestamps": st.just(True),
        "timestamp_tick": st.sampled_from(["1ms", "10ms"]),
        "rtt_samples": st.sampled_from(["window", "ack"]),
        "ecn": st.sampled_from(["on", "passive"]),
        "option_padding": st.sampled_from(["nop", "eol"]),
    }
)
IMPAIRMENTS = some(
    {
        "delay": st.sampled_from([1, MS, 20 * MS, 300 * MS, 2 * SECOND]),
        "loss": st.sampled_from([0.01, 0.1, 0.3]),
        "duplicate": st.sampled_from([0.05, 0.5]),
        "corrupt": st.sampled_from([0.02, 0.2]),
        "reorder": st.sampled_from([0.05, 0.5]),
        "jitter": st.sampled_from([MS, 30 * MS, SECOND]),
        "rate": st.sampled_from(["64kbit/s", "1Mbit/s", "1Gbit/s"]),
        "limit": st.sampled_from([1, 3, 10]),
    }
)
WRITES = st.lists(
    st.tuples(
        st.sampled_from([0, 1, MS, 30 * MS, HALF_SECOND, 3 * SECOND]),
        st.one_of(st.sampled_from([0, 1, 536, 1000]), st.integers(0, 6000)),
        st.booleans(),
    ),
    max_size=6,
).map(tuple)
ISS = st.one_of(
    st.none(), st.integers((1 << 32) - 3000, (1 << 32) - 1), st.integers((1 << 31) - 3000, (1 << 31) - 1), st.just(0)
)
SIDES = st.builds(
    Side,
    iss=ISS,
    profile=st.sampled_from(["rfc9293", "plain"]),
    knobs=KNOBS,
    writes=WRITES,
    closes=st.sampled_from(["writes", "peer"]),
    reads=st.one_of(
        st.none(), st.tuples(st.sampled_from([100, 1000, 100_000]), st.sampled_from([MS, HALF_SECOND, 5 * SECOND]))
    ),
)
FAULT = st.tuples(
    st.sampled_from(["client", "server"]),
    st.sampled_from(sorted(FAULTS)),
    st.sampled_from(["SYN", "SYN,ACK", "FIN", "ACK", "data", "segment"]),
    st.integers(1, 5),
)


def tame(storm: Storm) -> Storm:
    """Let one side close first, and bound what has to go octet by octet."""
    client, server = storm.client, storm.server
    if client.closes == server.closes == "peer":
        client = replace(client, closes="writes")
    sides = []
    for side, peer in ((client, server), (server, client)):
        theirs = dict(peer.knobs)
        narrow = theirs.get("rcv_buff", 10_000) < 2 << (theirs.get("window_scale") or 4)
        if narrow or theirs.get("mss", 536) < 50 or dict(side.knobs).get("mtu") == 68:
            sides.append(replace(side, writes=tuple((wait, min(size, 40), push) for wait, size, push in side.writes)))
        else:
            sides.append(side)
    return replace(storm, client=sides[0], server=sides[1])


STORMS = st.builds(
    Storm,
    seed=st.integers(0, 1 << 32),
    client=SIDES,
    server=SIDES,
    toward_client=IMPAIRMENTS,
    toward_server=IMPAIRMENTS,
    faults=st.lists(FAULT, max_size=3).map(tuple),
).map(tame)

SIMULTANEOUS_PROBES = Storm(
    seed=2105,
    client=Side(
        iss=(1 << 32) - 217,
        knobs=(("window_scale", 10), ("rcv_buff", 2), ("congestion", "none")),
        writes=((MS, 30, True),),
        reads=(100_000, MS),
    ),
    server=Side(
        iss=0,
        knobs=(("window_scale", 3), ("rcv_buff", 1)),
        writes=((2 * SECOND, 30, False), (0, 5, True)),
        closes="peer",
    ),
    toward_client=(("delay", 300 * MS), ("loss", 0.1), ("jitter", MS)),
    toward_server=(("delay", 2 * SECOND), ("jitter", MS)),
)
"""Both windows are always zero on the wire, so that probes cross again and again."""
NARROW: Pairs = (
    ("window_scale", 1), ("rcv_buff", 1), ("mss", 1), ("mtu", 68), ("rto_initial", "100ms"), ("rto_min", "1ms"),
    ("rto_granularity", "10ms"), ("delayed_ack", 0), ("nagle", False), ("congestion", "none"), ("challenge_ack", False),
)  # fmt: skip
FIN_INTO_A_ZERO_WINDOW = Storm(
    client=Side(knobs=NARROW, writes=((0, 40, False),)),
    server=Side(knobs=NARROW, writes=((3 * SECOND, 40, False),), reads=(100, MS)),
)
"""A FIN is no longer just a probe: SND.NXT lies beyond it, and beyond the window."""


@settings(max_examples=700)
@given(STORMS)
@example(SIMULTANEOUS_PROBES)
@example(FIN_INTO_A_ZERO_WINDOW)
def test_both_streams_arrive_intact_and_both_ends_close(storm: Storm) -> None:
    assert run(storm, trace=False).trouble == ""


@settings(max_examples=80)
@given(STORMS)
def test_a_storm_happens_twice_alike(storm: Storm) -> None:
    first, second = run(storm), run(storm)
    assert first.trouble == second.trouble == ""
    assert first.net.trace is not None
    assert second.net.trace is not None
    assert first.net.trace.to_jsonl() == second.net.trace.to_jsonl()
    untraced = run(storm, trace=False)
    assert untraced.net.now == first.net.now, "looking on changes nothing"
    assert untraced.trouble == ""


def test_another_seed_is_another_storm() -> None:
    storm = Storm(1, Side(writes=((0, 5000, True),)), Side(), (("loss", 0.3),), (("loss", 0.3),))
    digests = set()
    for seed in (1, 2):
        trace = run(replace(storm, seed=seed)).net.trace
        assert trace is not None
        digests.add(trace.digest)
    assert len(digests) == 2


def test_a_dead_link_is_the_one_thing_that_ends_it_otherwise() -> None:
    """The storms' patience is what their knobs say: with a patience of its own, an endpoint gives up."""
    net = Network(seed=1)
    a, b = net.host("a"), net.host("b")
    net.link(a, b, delay="10ms", loss=1.0)
    b.listen(80)
    connection = a.connect(b, 80)
    assert net.run() == "idle"
    assert (connection.state, connection.signals[-1]) == (CLOSED, "connection timed out")
    assert NEVER_GIVE_UP["user_timeout"] == "off"


@pytest.mark.parametrize("size", [100_000, 1_000_000])
def test_a_long_transfer_over_a_bad_link(size: int) -> None:
    net = Network(seed=9, trace=False)
    knobs: dict[str, Any] = {"mss": 1460, "iss": (1 << 32) - 1000, "rto_min": "200ms"}
    a, b = net.host("a", **knobs), net.host("b", **knobs)
    net.link(a, b, delay="20ms", loss="2%", duplicate="1%", jitter="3ms", rate="20Mbit/s", limit=50)
    stream = octets(size, 3)

    def hear(connection: Connection, what: str) -> None:
        if what == "connection closing":
            connection.close()

    b.listen(80, application=hear)
    mine = a.connect(b, 80)
    mine.send(stream)
    net.at("1min", mine.close)
    assert net.run() == "idle"
    theirs = b.connections[1]
    assert theirs.received == stream
    assert (mine.signals[-1], theirs.signals[-1]) == ("connection closed", "connection closed")


# ------------------------------------------------------------------ other processes

DIGEST = """
from tests.net.storm import Side, Storm, run
side = Side(writes=((0, 3000, True), (1000000, 700, False)), knobs=(("mss", 500),))
storm = Storm(7, side, side, (("loss", 0.2), ("duplicate", 0.1)), (("jitter", 5000000), ("corrupt", 0.1)),
              (("server", "drop", "SYN", 1), ("client", "swap", "data", 2)))
outcome = run(storm)
assert outcome.trouble == "", outcome.trouble
import sys
sys.stdout.write(outcome.net.trace.digest)
"""


def test_the_trace_does_not_depend_on_the_hash_seed() -> None:
    digests = set()
    for hash_seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert len(digests.pop()) == 64
