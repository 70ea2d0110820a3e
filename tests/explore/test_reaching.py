"""Which states two ends can be in at the same time: the table, questions, and the ways that are shown.

Law 1. What is said to be reachable is reached: its file is run, and both hosts are in these states when it stops.
Law 2. A search that was cut short says nothing about what it has not found.
"""

from __future__ import annotations

import functools

import pytest

from tcpsim.explore import answers
from tcpsim.explore.answers import Answer, Ground, answer
from tcpsim.explore.engine import Limits
from tcpsim.explore.plans import exploration
from tcpsim.explore.questions import Question, parse_question
from tcpsim.explore.reaching import NAMES, Reaching, anything, mirrored, stepped
from tcpsim.explore.replaying import NotInTime, Timetable
from tcpsim.explore.replaying import timetable as real
from tcpsim.explore.world import Exploration, decoded
from tcpsim.scenario.loading import loads
from tcpsim.scenario.problems import PhraseError
from tcpsim.scenario.running import run
from tcpsim.tcp.diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    State,
)
from tcpsim.trace import Called

BEFORE = (CLOSED, LISTEN, SYN_SENT)


@functools.cache
def table(faults: int, *, symmetric: bool = True) -> dict[tuple[State, State], tuple[int, int]]:
    return Reaching(Exploration(*anything(), symmetric=symmetric), faults=faults).run().table()


def asked(phrase: str, faults: int = 1, limits: Limits | None = None) -> Answer:
    return answer(parse_question(phrase, NAMES), Ground.of_anything(), faults=faults, limits=limits)


# ---------------------------------------------------------------------- the table


def test_symmetry_changes_nothing() -> None:
    assert table(0) == table(0, symmetric=False)
    assert len(table(0)) == 54


def test_without_a_fault_each_pair_is_what_the_rfc_draws() -> None:
    reached = table(0)
    assert reached[CLOSED, CLOSED] == (0, 0)
    assert reached[ESTABLISHED, ESTABLISHED] == (0, 5)  # two OPENs, three segments
    assert reached[SYN_RECEIVED, SYN_RECEIVED] == (0, 4)  # Figure 7
    assert reached[CLOSING, CLOSING] == (0, 9)  # Figure 13
    assert reached[FIN_WAIT_2, CLOSE_WAIT][0] == reached[TIME_WAIT, LAST_ACK][0] == 0
    assert (FIN_WAIT_2, CLOSING) not in reached  # an ACK would have to overtake the FIN that was sent before it
    assert all(reached[one, other] == reached[other, one] for one, other in reached)


def test_one_fault_adds_pairs_and_takes_none() -> None:
    reached = table(1)
    assert {pair: price for pair, price in reached.items() if price[0] == 0} == table(0)
    added = {pair for pair, (faults, _) in reached.items() if faults == 1}
    assert len(added) == 30
    assert (FIN_WAIT_2, CLOSING) in added
    # Else it takes a crash: one end begins again, the other is where it was.
    assert all(
        one in BEFORE or other in BEFORE for one, other in added - {(FIN_WAIT_2, CLOSING), (CLOSING, FIN_WAIT_2)}
    )


def test_who_has_seen_a_fin_is_never_beside_one_that_has_sent_none() -> None:
    reached = table(1)
    for one in (CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT):
        for other in (SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT):
            assert (one, other) not in reached
    assert (FIN_WAIT_2, ESTABLISHED) not in reached
    assert reached[FIN_WAIT_1, ESTABLISHED][0] == 0
    assert len(reached) == 84


@pytest.mark.parametrize("pair", [(CLOSED, LAST_ACK), (CLOSING, FIN_WAIT_2), (SYN_SENT, ESTABLISHED)], ids=str)
def test_a_path_is_carried_over_to_the_two_ends_exchanged(pair: tuple[State, State]) -> None:
    one, other = anything()
    world, exchanged = Exploration(one, other, symmetric=True), Exploration(other, one, symmetric=True)
    reaching = Reaching(world, faults=table(1)[pair][0], until={pair, pair[::-1]}.__contains__).run()
    for found, meeting in reaching.ways(3):
        path = mirrored(world, meeting.path, exchanged)
        assert [decoded(code)[0] for code in path] == [decoded(code)[0] for code in meeting.path]
        state = exchanged.initial()[0]
        for code in path:
            state = stepped(exchanged, state, code)
        ends = zip(exchanged.tables, state[:2], strict=True)
        assert tuple(end.sides[ident].state for end, ident in ends) == found
    assert exchanged.tables[0].player.name == "server"


# ---------------------------------------------------------------------- questions


def test_a_question_names_hosts_and_states() -> None:
    assert parse_question("server=close_wait  CLIENT=Established", NAMES) == Question(NAMES, (ESTABLISHED, CLOSE_WAIT))
    assert parse_question("server=TIME-WAIT", NAMES).states == (None, TIME_WAIT)
    both = parse_question("client=any server=LISTEN", NAMES)
    assert (str(both), both.words) == ("server=LISTEN", "server is LISTEN")
    assert both.fits((CLOSED, LISTEN))
    assert not both.fits((LISTEN, CLOSED))
    assert both.fits_mirrored((LISTEN, CLOSED))
    assert parse_question("b=LISTEN a=CLOSED", ("a", "b")).words == "a is CLOSED while b is LISTEN"


@pytest.mark.parametrize(
    ("phrase", "column", "wrong", "nearest"),
    [
        ("", 0, "the phrase is empty", ""),
        ("client", 0, "'client' does not belong here", ""),
        ("clinet=CLOSED", 0, "there is no host 'clinet'", "client"),
        ("=CLOSED", 0, "a host is missing", ""),
        ("client=", 7, "a state is missing", ""),
        ("server=CLOSED client=ESTABLISED", 21, "'ESTABLISED' is no state", "ESTABLISHED"),
        ("client=CLOSED client=LISTEN", 14, "client stands twice", ""),
        ("client=CLOSED server=CLOSED server=any", 28, "'server=any' does not belong here", ""),
        ("client=any", 0, "every state fits", ""),
    ],
)
def test_a_question_that_is_none_is_told_with_its_column(phrase: str, column: int, wrong: str, nearest: str) -> None:
    with pytest.raises(PhraseError) as caught:
        parse_question(phrase, NAMES)
    assert (caught.value.offset, caught.value.wrong, caught.value.nearest) == (column, wrong, nearest)


# ---------------------------------------------------------------------- ways


def test_a_way_without_a_fault() -> None:
    found = asked("client=ESTABLISHED server=CLOSED")
    way = found.way
    assert way is not None
    assert (way.faults, way.pair, found.faults) == (0, (ESTABLISHED, CLOSED), 0)
    assert way.steps == (
        ("server calls open()", False),
        ("client calls connect()", False),
        ("client's <SEQ=100><CTL=SYN> arrives at server", False),
        ("server's <SEQ=300><ACK=101><CTL=SYN,ACK> arrives at client", False),
        ("server calls abort()", False),
    )
    again = run(loads(way.text))
    assert again.passed
    assert again.ended == "until"
    assert [(expected.expected, expected.actual) for expected in again.failures] == []
    assert "states: {client: ESTABLISHED, server: CLOSED}" in way.text


def test_the_other_way_round_the_other_host_does_it() -> None:
    way = asked("client=CLOSED server=ESTABLISHED").way
    assert way is not None
    assert [words for words, _ in way.steps][-1] == "client calls abort()"
    assert way.run is not None
    calls = [(record.host, record.call) for record in way.run.trace if isinstance(record, Called)]
    assert [host for host, _ in calls] == ["client", "server", "client"]


@pytest.mark.parametrize("states", [(LISTEN, TIME_WAIT), (ESTABLISHED, SYN_SENT), (FIN_WAIT_2, CLOSING)], ids=str)
def test_a_way_with_a_fault_is_run_again(states: tuple[State, State]) -> None:
    one, other = states
    found = asked(f"client={one} server={other}")
    assert found.way is not None
    assert (found.way.faults, found.faults) == (1, 1)
    assert sum(fault for _, fault in found.way.steps) == 1
    again = run(loads(found.way.text))
    assert [str(failure) for failure in again.failures] == []


def test_one_host_may_be_in_any_state() -> None:
    way = asked("server=FIN-WAIT-1").way
    assert way is not None
    assert way.pair[1] is FIN_WAIT_1
    assert len(way.steps) == 4


def test_the_beginning_needs_nothing() -> None:
    way = asked("client=CLOSED server=CLOSED").way
    assert way is not None
    assert (way.steps, way.text, way.why_not) == ((), "", "this is how both ends begin")


def test_unreachable_says_its_bound() -> None:
    found = asked("client=CLOSE-WAIT server=CLOSE-WAIT", faults=0)
    assert (found.way, found.faults, found.stopped) == (None, 0, "")
    assert found.states > 900


def test_a_search_that_was_cut_short_does_not_say_unreachable() -> None:
    found = asked("client=CLOSE-WAIT server=CLOSE-WAIT", limits=Limits(states=100))
    assert (found.way, found.faults, found.stopped) == (None, 0, "limit of 100 states")


def test_where_one_way_can_not_be_shown_the_next_is(monkeypatch: pytest.MonkeyPatch) -> None:
    first = asked("client=CLOSED server=ESTABLISHED", faults=0).way
    assert first is not None
    refused: list[tuple[int, ...]] = []

    def timetable(world: Exploration, path: tuple[int, ...]) -> Timetable:
        if not refused:
            refused.append(path)
            raise NotInTime("not this one")
        return real(world, path)

    monkeypatch.setattr(answers, "timetable", timetable)
    second = asked("client=CLOSED server=ESTABLISHED", faults=0).way
    assert second is not None
    assert second.run is not None
    assert second.run.passed
    assert second.steps != first.steps


def test_where_no_way_can_be_shown_the_simplest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    first = asked("client=CLOSED server=ESTABLISHED", faults=0).way

    def timetable(world: Exploration, path: tuple[int, ...]) -> Timetable:
        raise NotInTime("never")

    monkeypatch.setattr(answers, "timetable", timetable)
    told = asked("client=CLOSED server=ESTABLISHED", faults=0).way
    assert first is not None
    assert told is not None
    assert (told.steps, told.text, told.run, told.why_not) == (first.steps, "", None, "never")


def test_what_differs_on_the_simulated_network_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def timetable(world: Exploration, path: tuple[int, ...]) -> Timetable:
        times = real(world, path)
        times.flights.pop()
        return times

    monkeypatch.setattr(answers, "timetable", timetable)
    told = asked("client=SYN-RECEIVED", faults=0).way
    assert told is not None
    assert told.why_not == "on the simulated network the ends send something else"


# ---------------------------------------------------------------------- scenarios


def test_a_scenarios_own_calls() -> None:
    ground = Ground.of_plan(exploration("handshake"))
    found = answer(parse_question("server=SYN-RECEIVED client=ESTABLISHED", ground.names), ground, faults=0)
    assert found.way is not None
    assert found.way.run is not None
    assert found.way.run.passed
    assert [words for words, _ in found.way.steps][:2] == ["server calls listen()", "client calls connect()"]
    nobody_closes = answer(parse_question("client=FIN-WAIT-1", ground.names), ground, faults=1)
    assert (nobody_closes.way, nobody_closes.stopped) == (None, "")
    assert ground.rules.startswith("The users make the calls of handshake. A fault: a segment is lost, copied or")
