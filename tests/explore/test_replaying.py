"""Paths of an exploration in virtual time: what the simulated network does with them is what was explored.

Law 1. A path is replayed on hosts and links, from a file, by the ordinary run; what both ends send there is compared
       with what the path has them send, segment by segment.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tcpsim.explore.engine import Search
from tcpsim.explore.programs import Call, line
from tcpsim.explore.replaying import NotInTime, timetable
from tcpsim.explore.sides import Player
from tcpsim.explore.telling import told
from tcpsim.explore.world import Exploration, Kind, Old, coded
from tcpsim.explore.writing import written
from tcpsim.scenario.loading import loads
from tcpsim.scenario.running import run
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import CLOSE_WAIT, ESTABLISHED, LISTEN
from tcpsim.tcp.segment import segment
from tcpsim.trace import Sent

if TYPE_CHECKING:
    from tcpsim.explore.programs import Program
    from tcpsim.explore.replaying import Timetable

CANT = {
    "two timers that are due together would expire the other way around",
    "a scenario can't say that a packet is copied twice, with unequal times in between",
}
TEXT = "title: explored\nprofile: plain\nhosts: {client: {iss: 100}, server: {iss: 300}}\n"
SOCKETS = (("192.0.2.1", 49152), ("192.0.2.2", 80))
TALKS = line(
    Call("connect", after=(1, LISTEN)), Call("send", data=b"a", after=(0, ESTABLISHED)), Call("close"),
)  # fmt: skip
ANSWERS = line(Call("open"), Call("close", after=(1, CLOSE_WAIT)))
CRASHES = line(Call("open"), Call("crash", after=(1, ESTABLISHED)), Call("open"))
OLD = (
    Old(segment("SYN", 90, wnd=1000), 1),
    Old(segment("ACK", 101, 301, wnd=1000, text=b"x"), 1),
)  # fmt: skip


def players(one: Program = TALKS, other: Program = ANSWERS) -> tuple[Player, Player]:
    client = Player("client", profile("plain", iss=100), one, SOCKETS[0], SOCKETS[1])
    return client, Player("server", profile("plain", iss=300), other, SOCKETS[1], SOCKETS[0])


def sent_in_a_run(ends: tuple[Player, Player], times: Timetable) -> list[tuple[object, ...]]:
    scenario = loads(written(TEXT, ends, times, title="again", intro="a path"), "again.yaml")
    done = run(scenario)
    return [(each.host, each.segment.wire()) for each in done.trace.records if isinstance(each, Sent)]


def planned(ends: tuple[Player, Player], times: Timetable) -> list[tuple[object, ...]]:
    return [(ends[flight.sender].name, flight.segment.wire()) for flight in times.flights]


@pytest.mark.parametrize(
    ("ends", "old"),
    [(players(), ()), (players(other=CRASHES), ()), (players(), OLD)],
    ids=["faults", "crash", "old segments"],
)
def test_a_run_sends_what_the_path_sends(ends: tuple[Player, Player], old: tuple[Old, ...]) -> None:
    world = Exploration(*ends, old=old)
    search = Search(world, faults=2 if not old else 1).run()
    chosen = random.Random(7).sample(range(len(search.parents)), 15)
    shown, reasons = 0, set()
    for ident in chosen:
        try:
            times = timetable(world, search.path(ident))
        except NotInTime as error:
            reasons.add(str(error))
            continue
        shown += 1
        wanted = planned(ends, times)
        assert sent_in_a_run(ends, times)[: len(wanted)] == wanted
    assert shown >= 10, "most paths can be shown"
    assert reasons <= CANT


def lost_syn() -> tuple[Exploration, list[int]]:
    """Return a world, and the path in which a SYN is copied, and it and its copy are lost."""
    world = Exploration(*players())
    path = [coded(Kind.CALL, 1 << 8), coded(Kind.CALL, 0)]
    state = world.initial()[0]
    for code in path:
        state = next(after for known, _, after in world.successors(state, 1) if known == code)
    (syn,) = state.to_other
    return world, [
        *path,
        coded(Kind.COPY, syn),
        coded(Kind.DROP, syn),
        coded(Kind.LOSE_LATE, syn),
        coded(Kind.TIMEOUT, 0),
    ]


def test_a_path_is_told_in_words_with_its_faults() -> None:
    assert told(*lost_syn()) == [
        ("server calls open()", False),
        ("client calls connect()", False),
        ("client's <SEQ=100><CTL=SYN> is copied", True),
        ("client's <SEQ=100><CTL=SYN> is lost", True),
        ("client's <SEQ=100><CTL=SYN> is lost", False),
        ("client: the retransmission timer expires", False),
    ]


def test_a_file_of_a_path_says_which_packet_suffers_what() -> None:
    world, path = lost_syn()
    text = written(TEXT, players(), timetable(world, path), title="lost", intro="The SYN is lost.\nIts copy, too.")
    assert (
        text
        == """\
# The SYN is lost.
# Its copy, too.

title: lost
profile: plain
hosts: {client: {iss: 100}, server: {iss: 300}}
links:
  - between: [client, server]
    delay: 10ms
    faults:
      - {drop: 1st segment from client}
script:
  - {at: 10ms, host: server, call: open, port: 80, active: false, to: client:49152, knobs: {iss: 300}}
  - {at: 20ms, host: client, call: open, port: 49152, active: true, to: server:80, knobs: {iss: 100}}
"""
    )
