"""From scenario files to explorations: what becomes of hosts, calls, injected segments and properties."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tcpsim.explore.plans import Plan, exploration
from tcpsim.explore.programs import Call
from tcpsim.properties import PROPERTIES, Kind, NoSuchProperty
from tcpsim.scenario import ScenarioError, loads
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, CLOSING, ESTABLISHED, FIN_WAIT_1, LAST_ACK, LISTEN, TIME_WAIT
from tcpsim.tcp.mutants import MUTANTS, NoSuchMutant

OPEN: dict[str, Any] = {"host": "server", "call": "open", "port": 80, "active": False}
CONNECT: dict[str, Any] = {"host": "client", "call": "connect", "to": "server:80"}
OLD: dict[str, Any] = {"call": "inject", "segment": "SYN seq -10", "from": "client", "to": "server"}


def plan(*script: dict[str, Any], settings: dict[str, Any] | None = None, **changes: Any) -> Plan:
    """Return the plan of a scenario with this script."""
    return exploration(loads(written(*script, **changes), "f.yaml"), **(settings or {}))


def written(*script: dict[str, Any], **changes: Any) -> str:
    data = {"title": "x", "profile": "plain", "hosts": {"client": {}, "server": {}}, "script": list(script)}
    return json.dumps(data | changes, indent=1)


def calls(made: Plan, end: int) -> list[Call]:
    return [place[0][0] for place in made.players[end].program]


def told(*script: dict[str, Any], **changes: Any) -> list[str]:
    """Return what is wrong with a script, without places."""
    with pytest.raises(ScenarioError) as error:
        plan(*script, **changes)
    return [str(problem).partition(": ")[2] for problem in error.value.problems]


# ------------------------------------------------------------------ hosts


def test_hosts_are_those_of_the_file_with_first_numbers_that_differ() -> None:
    made = plan(OPEN, CONNECT)
    client, server = made.players
    assert (client.name, client.local, client.remote, client.config.iss) == (
        "client", ("192.0.2.1", 49152), ("192.0.2.2", 80), 100,
    )  # fmt: skip
    assert (server.name, server.local, server.config.iss) == ("server", ("192.0.2.2", 80), 300)
    assert client.config.msl == server.config.msl == 30 * 10**9


def test_numbers_and_knobs_are_those_that_the_file_says() -> None:
    hosts = {"client": {"iss": 7, "mss": 100}, "server": {"profile": "rfc9293", "ports": "5..6"}}
    made = plan(CONNECT | {"knobs": {"rcv_buff": 9}}, hosts=hosts, knobs={"msl": "1s"})
    client, server = (player.config for player in made.players)
    assert (client.iss, client.mss, client.rcv_buff, client.msl) == (7, 100, 9, 10**9)
    assert (server.iss, server.rcv_buff == 9, server.msl) == (300, False, 10**9)


def test_settings_of_the_caller_count_more() -> None:
    made = plan(OPEN, CONNECT, settings={"faults": 1, "profile": "linux", "knobs": {"mss": 33}})
    assert made.faults == 1
    assert {player.config.mss for player in made.players} == {33}
    assert made.players[0].config.delayed_ack == 40 * 10**6


def test_the_numbers_of_further_connections_grow_evenly() -> None:
    again = [CONNECT | {"port": 49152, "knobs": {"iss": iss}} for iss in (10, 500, 990)]
    client = plan(OPEN, *again).players[0]
    assert (client.config.iss, client.iss_step) == (10, 490)
    assert told(OPEN, *again[:2], again[0]) == [
        "the ISS of this connection does not follow; expected one that grows by the same each time"
    ]
    assert told(OPEN, CONNECT, again[0]) == [
        "only some connections of the host have an `iss`; expected one for each, or for none"
    ]


def test_a_mutant_is_one_of_both_hosts_or_of_one() -> None:
    both = plan(OPEN, CONNECT, settings={"mutant": "two-way-handshake"})
    assert both.mutant == "two-way-handshake"
    assert {player.endpoint for player in both.players} == {MUTANTS["two-way-handshake"].endpoint}
    one = plan(OPEN, CONNECT, settings={"mutant": "one-msl@server"})
    assert [player.changes is None for player in one.players] == [True, False]


def test_mutants_of_listeners_and_hosts_are_refused() -> None:
    for name, why in (
        ("listens-once", "its listener"),
        ("no-quiet-time", "its restart"),
        ("tw-recycle", "its listener"),
    ):
        assert told(OPEN, CONNECT, settings={"mutant": name}) == [
            f"the mutant {name} deviates in {why}; expected a mutant of endpoints: only these are explored"
        ]
    with pytest.raises(NoSuchMutant):
        plan(OPEN, CONNECT, settings={"mutant": "one-msl@sever"})


# ------------------------------------------------------------------ calls


def test_calls_are_in_their_order_and_wait_for_states() -> None:
    made = plan(
        OPEN, CONNECT,
        {"when": "client is ESTABLISHED", "host": "client", "call": "send", "data": "hi"},
        {"host": "client", "call": "close"},
        {"when": "server is CLOSE-WAIT", "host": "server", "call": "receive", "limit": 1},
        {"host": "server", "call": "read", "reading": "off"},
        {"host": "server", "call": "abort"},
    )  # fmt: skip
    assert calls(made, 0) == [
        Call("connect", after=(1, LISTEN)), Call("send", b"hi", after=(0, ESTABLISHED)),
        Call("close", after=(0, ESTABLISHED)),
    ]  # fmt: skip
    after = (1, CLOSE_WAIT)
    assert calls(made, 1) == [
        Call("open"), Call("receive", limit=1, after=after), Call("read", after=after, reading=False),
        Call("abort", after=after),
    ]  # fmt: skip


def test_a_call_waits_until_a_fin_has_been_taken() -> None:
    made = plan(
        OPEN, CONNECT,
        {"when": "client is ESTABLISHED", "host": "client", "call": "close"},
        {"when": "server signals connection closing", "host": "server", "call": "close"},
    )  # fmt: skip
    assert calls(made, 1) == [Call("open"), Call("close", after=(1, CLOSE_WAIT, CLOSING, TIME_WAIT))]
    report = made.checker(faults=0).run()
    walked = {(edge.source, edge.target) for edge in report.edges}
    assert (CLOSE_WAIT, LAST_ACK) in walked
    assert (ESTABLISHED, FIN_WAIT_1) in walked
    assert not any(target is CLOSING for _, target in walked)  # the server's FIN is the answer to the client's


def test_no_call_that_waits_for_a_fin_comes_before_it() -> None:
    made = plan(
        OPEN, CONNECT,
        {"when": "client is ESTABLISHED", "host": "client", "call": "close"},
        {"when": "server is ESTABLISHED", "host": "server", "call": "close"},
        {"when": "client signals connection closing", "host": "server", "call": "abort"},
    )  # fmt: skip
    assert calls(made, 1)[-1] == Call("abort", after=(0, CLOSE_WAIT, CLOSING, TIME_WAIT))
    world = made.fresh(faults=0).world
    todo, known, aborted = world.initial(), set(), set()
    while todo:
        state = todo.pop()
        if state not in known:
            known.add(state)
            for _, _, after in world.successors(state, 0):
                todo.append(after)
                places = [world.tables[1].sides[each.other].place for each in (state, after)]
                if places == [2, 3]:
                    aborted.add(world.tables[0].sides[state.one].state)
    assert aborted == {CLOSE_WAIT, LAST_ACK, CLOSING, TIME_WAIT, CLOSED}  # never before the client has taken a FIN


def test_times_are_left_out_and_that_is_said() -> None:
    made = plan(OPEN, CONNECT | {"at": "1s"}, {"when": "2s", "host": "client", "call": "close"})
    assert [call.after for call in calls(made, 0)] == [None, None]
    assert made.notes == ("the times of 2 steps are left out: a call is made at any moment",)


def test_openings_are_open_listen_or_connect() -> None:
    active = {"host": "client", "call": "open", "port": 9, "active": True, "to": "server:80", "reading": "off"}
    made = plan({"host": "server", "call": "listen", "port": 80}, active | {"at": "0s"})
    assert calls(made, 0) == [Call("connect", reading=False)]
    assert calls(made, 1) == [Call("listen")]
    assert made.players[0].local[1] == 9


def test_octets_are_others_for_each_host_and_call() -> None:
    sends = [{"host": host, "call": "send", "octets": 2} for host in ("client", "server", "client")]
    made = plan(OPEN, CONNECT | {"data": "x"}, *sends)
    assert [call.data for call in calls(made, 0)] == [b"x", b"ab", b"cd"]
    assert [call.data for call in calls(made, 1)] == [b"", b"AB"]


def test_what_does_nothing_to_a_connection_is_passed_over() -> None:
    more = [{"call": "note", "text": "x"}, {"host": "server", "call": "ss"}, {"host": "client", "call": "status"}]
    assert [len(calls(plan(OPEN, CONNECT, *more), end)) for end in (0, 1)] == [1, 1]


def test_a_host_that_crashes_is_up_again_at_once() -> None:
    crash, restart = ({"host": "server", "call": call} for call in ("crash", "restart"))
    made = plan(OPEN, crash | {"down": True}, restart | {"quiet": True}, restart)
    assert [call.name for call in calls(made, 1)] == ["open", "crash", "crash"]
    assert made.notes == ("server keeps no quiet time after its restart", "a host that crashes is up again at once")


def test_a_connection_may_be_named_if_it_is_the_latest() -> None:
    made = plan(
        OPEN | {"as": "passive"}, CONNECT | {"as": "mine"},
        {"when": "passive is ESTABLISHED", "host": "client", "call": "close", "on": "mine"},
        {"when": "client connection 1 is CLOSED", "host": "server", "call": "close", "on": 1},
    )  # fmt: skip
    assert calls(made, 0)[-1].after == (1, ESTABLISHED)
    assert calls(made, 1)[-1].name == "close"


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ({"host": "server", "call": "open udp", "port": 5},
         "`open udp` can't be explored; expected `listen`, `open`, `connect`, `send`, `receive`, `read`, `close`, "
         "`abort`, `crash` or `inject`"),
        ({"host": "client", "call": "send", "octets": 1, "urgent": True},
         "`send` with 'urgent' can't be explored; expected no 'urgent'"),
        ({"host": "client", "call": "send", "octets": 1, "push": False},
         "`send` with 'push' can't be explored; expected no 'push'"),
        ({"host": "client", "call": "send", "octets": 100_001},
         "client sends too much to explore; expected at most 100,000 octets"),
        ({"host": "server", "call": "close", "port": 80},
         "to stop listening can't be explored; expected `close` of a connection, without `port`"),
        ({"host": "client", "call": "close", "on": 2},
         "only the latest connection of a host can be explored; expected no `on`, or the latest one"),
        ({"when": "server received 5", "host": "client", "call": "close"},
         "an exploration can't wait for this; expected `when: HOST is STATE` or `HOST signals connection closing`, "
         "the first time that it is so, or a time, which is left out"),
        ({"when": "client signals connection reset", "host": "client", "call": "close"},
         "an exploration can't wait for this; expected `when: HOST is STATE` or `HOST signals connection closing`, "
         "the first time that it is so, or a time, which is left out"),
        ({"when": "client is ESTABLISHED 2nd time", "host": "client", "call": "close"},
         "an exploration can't wait for this; expected `when: HOST is STATE` or `HOST signals connection closing`, "
         "the first time that it is so, or a time, which is left out"),
        ({"host": "client", "call": "connect", "to": "server:80"},
         "a connect without a port comes from another one than 49152; expected `port: 49152`: one pair of sockets is "
         "explored"),
        ({"host": "client", "call": "connect", "to": "server:81", "port": 49152},
         "port 81 of server is another one; expected 80: one pair of sockets is explored"),
        ({"host": "client", "call": "connect", "to": "client:80", "port": 49152},
         "client opens a connection to itself; expected server behind `to`"),
        ({"host": "client", "call": "connect", "to": "198.51.100.9:80", "port": 49152},
         "198.51.100.9 is none of the two hosts; expected client or server"),
        ({"host": "client", "call": "connect", "to": "server:80", "port": 49152, "knobs": {"mss": 9}},
         "this connection of client has other knobs than the one before; expected the same knobs for all of them"),
        ({"host": "server", "call": "listen", "port": 80, "backlog": 1},
         "a listener with 'backlog' can't be explored; expected one without limits"),
        (OLD | {"from": "198.51.100.9:1", "via": "client"},
         "198.51.100.9 is none of the two hosts; expected client or server"),
        (OLD | {"from": "client:9"},
         "port 9 of client is another one; expected 49152: one pair of sockets is explored"),
        (OLD | {"to": "client"}, "client is sent what pretends to be its own; expected server"),
        (OLD | {"repeat": 9}, "too many segments are injected; expected at most 8 in all"),
    ],
)  # fmt: skip
def test_what_cant_be_explored_is_told(step: dict[str, Any], wrong: str) -> None:
    assert told(OPEN, CONNECT, step) == [wrong]


def test_a_mistake_has_its_place() -> None:
    text = written(OPEN, CONNECT, {"host": "client", "call": "close", "when": "server received 5"})
    with pytest.raises(ScenarioError) as error:
        exploration(loads(text, "f.yaml"))
    place = error.value.problems[0].place
    assert text.splitlines()[place.line - 1][place.column - 1 :].startswith('"when"')


def test_calls_of_a_host_stand_in_the_order_of_their_times() -> None:
    late, early = ({"at": at, "host": "client", "call": call} for at, call in (("2s", "close"), ("1s", "abort")))
    assert told(OPEN, CONNECT, late, early) == [
        "client does this before what stands above it; expected the calls of a host in their order"
    ]


def test_there_are_two_hosts_and_no_middlebox() -> None:
    third: dict[str, Any] = {"client": {}, "server": {}, "third": {}}
    link = {"between": ["client", "server"]}
    assert told(OPEN, hosts=third, links=[link]) == ["there are 3 hosts; expected exactly two to explore"]
    assert told(OPEN, CONNECT, links=[link | {"firewall": {}}]) == [
        "a firewall can't be explored; expected a link without a middlebox"
    ]


def test_what_a_link_does_is_left_out_and_that_is_said() -> None:
    link = {"between": ["client", "server"], "loss": "1%", "faults": [{"drop": "1st SYN"}]}
    assert plan(OPEN, CONNECT, links=[link]).notes == (
        "the faults of the link are left out: within the bound every fault is tried",
        "the impairments of the link are left out: nothing happens by chance",
    )
    assert plan(OPEN, CONNECT, links=[{"between": ["client", "server"], "delay": "9ms"}]).notes == ()


# ------------------------------------------------------------------ segments of an earlier connection


def test_injected_segments_are_old_and_count_from_the_first_numbers() -> None:
    guess = OLD | {"segment": "ACK seq 5 ack 6", "from": "server:80", "to": "client", "repeat": 2, "stride": 100}
    made = plan(OPEN, CONNECT, OLD, guess, OLD | {"segment": "RST SEQ=77", "at": "9s"})
    found = [(str(old.segment), old.toward) for old in made.old]
    assert found == [
        ("<SEQ=90><CTL=SYN>", 1), ("<SEQ=305><ACK=106><CTL=ACK>", 0), ("<SEQ=405><ACK=106><CTL=ACK>", 0),
        ("<SEQ=77><CTL=RST>", 1),
    ]  # fmt: skip
    assert made.notes[-1].startswith("4 injected segments are under way from the beginning")
    (state,) = made.world.initial()
    assert len(state.late) == 4


# ------------------------------------------------------------------ how, and what is asked


def test_the_file_says_how_it_is_explored() -> None:
    made = plan(OPEN, CONNECT, explore={"faults": 4, "order": "free", "timers": "any", "always": []})
    assert (made.faults, made.in_order, made.quiet, made.symmetric, made.properties) == (4, False, False, False, ())
    assert (made.world.in_order, made.world.quiet, made.world.symmetric) == (False, False, False)
    default = plan(OPEN, CONNECT)
    assert (default.faults, default.in_order, default.quiet, default.symmetric) == (2, True, True, False)


def test_everything_is_asked_unless_something_is_named() -> None:
    assert list(plan(OPEN, CONNECT).properties) == list(PROPERTIES.values())
    named = plan(OPEN, CONNECT, explore={"always": ["A17"], "never": ["server=TIME-WAIT"], "eventually": ["L24"]})
    assert [each.name for each in named.properties] == ["time-wait-lasts", "never server=TIME-WAIT", "both-closed"]
    more = plan(OPEN, CONNECT, explore={"eventually": ["both-closed", "client=CLOSED"]})
    assert len(more.properties) == len(PROPERTIES) + 1


def test_the_caller_may_ask_for_some() -> None:
    explore = {"never": ["server=TIME-WAIT"]}
    one = plan(OPEN, CONNECT, explore=explore, settings={"properties": ["I1", "never server=TIME-WAIT"]})
    assert [each.name for each in one.properties] == ["agreed-numbers", "never server=TIME-WAIT"]
    assert plan(OPEN, CONNECT, settings={"properties": [PROPERTIES["agreed-numbers"]]}).properties == one.properties[:1]
    with pytest.raises(NoSuchProperty, match="did you mean 'agreed-numbers'"):
        plan(OPEN, CONNECT, settings={"properties": ["agree-numbers"]})


def test_too_many_ends_are_told() -> None:
    states = ("CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "CLOSING", "LAST-ACK", "TIME-WAIT")
    goals = [f"client={state}" for state in states]
    assert sum(each.kind is Kind.LEADS_TO for each in PROPERTIES.values()) > 7
    assert told(OPEN, CONNECT, explore={"eventually": goals}) == [
        "more than 15 properties say what comes about in the end; expected fewer under `eventually`, or `always: []` "
        "beside it"
    ]


def test_standings_are_asked_in_the_search() -> None:
    explore = {
        "faults": 0, "always": [], "never": ["client=TIME-WAIT", "server=CLOSED client=ESTABLISHED"],
        "eventually": ["client=CLOSED server=CLOSED", "client=CLOSED server=LISTEN"],
    }  # fmt: skip
    script = (
        OPEN, CONNECT, {"when": "client is ESTABLISHED", "host": "client", "call": "close"},
        {"when": "server is CLOSE-WAIT", "host": "server", "call": "close"},
    )  # fmt: skip
    report = plan(*script, explore=explore).checker().run()
    assert {verdict.subject.name: verdict.word for verdict in report.verdicts} == {
        "never client=TIME-WAIT": "violated", "never server=CLOSED client=ESTABLISHED": "holds",
        "eventually client=CLOSED server=CLOSED": "holds", "eventually client=CLOSED server=LISTEN": "violated",
    }  # fmt: skip
    assert report.verdicts[0].violation is not None
    assert report.verdicts[0].violation.what == "client is TIME-WAIT while server is LAST-ACK"


# ------------------------------------------------------------------ symmetry

CROSSING: list[dict[str, Any]] = [
    {"at": "0s", "host": one, "call": "open", "port": 9, "active": True, "to": f"{other}:9"}
    for one, other in (("client", "server"), ("server", "client"))
]


def test_two_hosts_that_do_the_same_are_symmetric() -> None:
    sends = [
        {"when": f"{host} is ESTABLISHED", "host": host, "call": "send", "octets": 1} for host in ("client", "server")
    ]
    explore = {"faults": 1, "symmetric": "on", "always": ["I2"], "never": ["client=TIME-WAIT"]}
    made = plan(*CROSSING, *sends, explore=explore)
    assert [calls(made, end)[1].data for end in (0, 1)] == [b"a", b"a"]
    halved, whole = made.checker().run(), replace(made, symmetric=False).checker().run()
    assert [verdict.word for verdict in halved.verdicts] == [verdict.word for verdict in whole.verdicts]
    assert whole.tally.states / 2 <= halved.tally.states < whole.tally.states


def test_never_holds_for_the_hosts_exchanged() -> None:
    ends = [{"when": f"{host} is ESTABLISHED", "host": host, "call": "close"} for host in ("client", "server")]
    explore = {"faults": 0, "symmetric": "on", "always": [], "never": ["server=FIN-WAIT-1 client=ESTABLISHED"]}
    (verdict,) = plan(*CROSSING, *ends, explore=explore).checker().run().verdicts
    assert verdict.word == "violated"


@pytest.mark.parametrize(
    ("script", "changes", "difference"),
    [
        ([*CROSSING, {"host": "client", "call": "close"}], {}, "the hosts make different calls"),
        (CROSSING, {"hosts": {"client": {"mss": 99}, "server": {}}}, "the hosts have different knobs"),
        (CROSSING, {"settings": {"mutant": "one-msl@client"}}, "only one host is a mutant"),
        ([*CROSSING, OLD], {}, "segments are injected"),
    ],
)
def test_a_symmetry_that_there_is_not_is_told(
    script: list[dict[str, Any]], changes: dict[str, Any], difference: str
) -> None:
    assert told(*script, explore={"symmetric": "on"}, **changes) == [
        f"`symmetric` is on, but {difference}; expected two hosts that do the same"
    ]


# ------------------------------------------------------------------ a world for each search


def test_each_search_has_a_world_of_its_own() -> None:
    made = plan(OPEN, CONNECT, explore={"faults": 1})
    assert made.fresh(faults=0).faults == 0
    assert made.fresh() == made
    assert made.fresh().world is not made.world
    first, second = made.checker(faults=0).run(), made.checker().run()
    assert (first.faults, second.faults) == (0, 1)
    assert [verdict.asked for verdict in made.checker(faults=0).run().verdicts] == [
        verdict.asked for verdict in first.verdicts
    ]


def test_a_scenario_is_found_by_its_name() -> None:
    assert exploration("handshake").name == "handshake"
