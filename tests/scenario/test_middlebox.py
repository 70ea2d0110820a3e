"""NATs, firewalls and MTUs in scenarios: keys, what they make of the network, and mistakes with their places."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.net import Firewall, Mtu, Nat
from tcpsim.net.middlebox import IDLE, TRANSITORY, Middlebox, Side
from tcpsim.scenario import Run, run
from tcpsim.scenario.problems import ScenarioError
from tcpsim.tcp.units import MINUTE
from tcpsim.trace import Mapped, Sent
from tests.scenario.written import plain, small


def ran(**link: Any) -> Run:
    return run(small(links=[{"between": ["client", "server"], "delay": "50ms", **link}]))


def box_of(made: Run, index: int = 0) -> Middlebox:
    (side,) = [rule for rule in made.network.links[index].directions[0].rules if isinstance(rule, Side)]
    return side.passage.box


def test_a_nat_is_made_as_it_is_written() -> None:
    made = ran(nat={"address": "203.0.113.1", "idle": "5min", "transitory": "1min", "unknown": "reset"})
    nat = box_of(made)
    assert isinstance(nat, Nat)
    assert (nat.address, nat.idle, nat.transitory, nat.unknown) == ("203.0.113.1", 5 * MINUTE, MINUTE, "reset")
    assert [record.host for record in made.trace.of_kind(Mapped)] == ["client"]
    assert made.passed


def test_a_nat_by_default_does_what_rfc_5382_asks_for() -> None:
    nat = box_of(ran(nat={"address": "203.0.113.1"}))
    assert (nat.idle, nat.transitory, nat.unknown) == (IDLE, TRANSITORY, "drop")


def test_links_with_one_address_share_a_nat_and_say_who_is_inside() -> None:
    nat = {"address": "203.0.113.1"}
    links = [
        {"between": ["client", "server"], "nat": nat},
        {"between": ["server", "third"], "nat": {**nat, "inside": "third"}},
    ]
    made = run(small(hosts={"client": {}, "server": {}, "third": {}}, links=links))
    assert box_of(made) is box_of(made, 1)
    assert [passage.back.target.name for passage in box_of(made).passages] == ["client", "third"]


def test_a_firewall_is_made_as_it_is_written() -> None:
    said = {"inside": "server", "allow": [80, 443], "forbidden": "secret", "idle": "1min", "unknown": "reset"}
    made = ran(firewall=said)
    firewall = box_of(made)
    assert isinstance(firewall, Firewall)
    assert (firewall.allow, firewall.forbidden) == (frozenset({80, 443}), b"secret")
    assert (firewall.idle, firewall.unknown) == (MINUTE, "reset")
    assert firewall.passages[0].back.target.name == "server"
    assert made.passed


def test_an_mtu_holds_in_both_directions_or_in_one() -> None:
    made = ran(mtu=1000, toward={"client": {"mtu": 900, "icmp": "off", "clamp_mss": "on"}})
    rules = [rule for direction in made.network.links[0].directions for rule in direction.rules]
    assert all(isinstance(rule, Mtu) for rule in rules)
    assert [(rule.octets, rule.icmp, rule.clamp_mss) for rule in rules if isinstance(rule, Mtu)] == [
        (1000, True, False),
        (900, False, True),
    ]


def test_a_fault_and_a_nat_on_one_link_name_packets_as_the_ladder_does() -> None:
    made = ran(nat={"address": "203.0.113.1"}, faults=[{"drop": "first SYN,ACK ack 1 from server"}])
    assert [(record.seq, record.ack) for record in made.trace.of_kind(Sent, "server")][:2] == [(0, 1), (0, 1)]
    assert made.passed


def test_guesses_step_through_the_numbers() -> None:
    guess = {
        "at": "1s", "call": "inject", "segment": "RST seq -10", "from": "client", "to": "server",
        "repeat": 3, "every": "1s", "stride": 8,
    }  # fmt: skip
    made = run(small(script=[*plain(small())["script"], guess]))
    sent = [(record.time // 10**9, record.seq) for record in made.trace.of_kind(Sent) if record.connection is None]
    assert sent == [(1, -10), (2, -2), (3, 6)]


@pytest.mark.parametrize(
    ("link", "wrong"),
    [
        ({"nat": {"idle": "5min"}}, "the key 'address' is missing"),
        ({"nat": {"address": "here"}}, "'here' is no address"),
        ({"nat": {"address": "192.0.2.2"}}, "192.0.2.2 is the address of server; expected an address that no host has"),
        ({"nat": {"address": "203.0.113.1", "inside": "clint"}}, "'clint' is not at an end of this link"),
        ({"nat": {"address": "203.0.113.1", "unknown": "rest"}}, "did you mean 'reset'?"),
        ({"nat": {"address": "203.0.113.1", "idel": "1s"}}, "unknown key 'idel'; did you mean 'idle'?"),
        ({"nat": {"address": "203.0.113.1"}, "firewall": {}}, "the link has a NAT already"),
        ({"firewall": {"inside": "third"}}, "'third' is not at an end of this link"),
        ({"firewall": {"allow": [0]}}, "0"),
        ({"mtu": 67}, "67"),
    ],
)
def test_mistakes_are_told_with_their_places(link: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ScenarioError) as told:
        ran(**link)
    (problem,) = told.value.problems
    assert wrong in str(problem)
    assert problem.place.line == 1  # JSON stands on one line
    assert problem.place.column > 1


def test_two_links_must_say_the_same_of_one_nat() -> None:
    links = [
        {"between": ["client", "server"], "nat": {"address": "203.0.113.1"}},
        {"between": ["server", "third"], "nat": {"address": "203.0.113.1", "idle": "5min"}},
    ]
    with pytest.raises(ScenarioError, match=r"the NAT 203\.0\.113\.1 says something else on an earlier link"):
        small(hosts={"client": {}, "server": {}, "third": {}}, links=links)


@pytest.mark.parametrize("value", [1, 0])
@pytest.mark.parametrize("key", ["icmp", "clamp_mss"])
def test_a_switch_is_no_number_even_if_python_takes_1_for_true(key: str, value: int) -> None:
    with pytest.raises(ScenarioError, match=f"{key} is the number {value}; expected on or off"):
        ran(**{key: value})
