"""Scenarios and mutants: each scenario is failed by the mutant that it names, each mutant is caught by a scenario."""

from __future__ import annotations

from functools import lru_cache

import pytest

from tcpsim.scenario import ScenarioError, loads, run
from tcpsim.scenario.proving import Proof, catches, prove
from tcpsim.tcp.mutants import MUTANTS, NoSuchMutant
from tests.scenario.written import NAMES, loaded, ran

WRITTEN = """\
title: A handshake
mutant: {mutant}
hosts: {{client: {{iss: 100}}, server: {{iss: 300}}}}
profile: plain
script:
  - {{host: server, call: listen, port: 80}}
  - {{host: client, call: connect, to: "server:80"}}
  - {{when: client is ESTABLISHED, host: client, call: close}}
expect:
  states: {{client: FIN-WAIT-2, server: CLOSE-WAIT}}
  ends: idle
"""


def written(mutant: str) -> str:
    return WRITTEN.format(mutant=mutant)


# ------------------------------------------------------------------ the library


@pytest.mark.parametrize("name", NAMES)
def test_the_mutant_that_a_scenario_names_fails_it(name: str) -> None:
    scenario = loaded(name)
    assert scenario.mutant is not None
    assert ran(name).passed
    assert catches(scenario, str(scenario.mutant))


@lru_cache(maxsize=1)
def by_eagerness() -> tuple[str, ...]:
    """The scenarios, the quick ones first."""
    return tuple(sorted(NAMES, key=lambda name: len(ran(name).trace)))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught_by_a_scenario(mutant: str) -> None:
    def names_it(name: str) -> bool:
        own = loaded(name).mutant
        return own is not None and own.name == mutant

    first = [name for name in NAMES if names_it(name)]
    rest = [name for name in by_eagerness() if name not in first]
    if any(catches(loaded(name), str(loaded(name).mutant)) for name in first):
        return
    assert any(catches(loaded(name), mutant) for name in rest), f"no scenario catches {mutant}"


# ------------------------------------------------------------------ running with a mutant


def test_a_run_says_that_it_is_no_tcp() -> None:
    scenario = loads(written("half-close-kills"))
    done = run(scenario, mutant="half-close-kills")
    assert done.mutant == "half-close-kills"
    assert done.trace.header.title == "[mutant: half-close-kills] A handshake"
    assert {host.mutant.name for host in done.network.hosts.values() if host.mutant} == {"half-close-kills"}
    assert not done.passed
    plain = run(scenario)
    assert (plain.mutant, plain.trace.header.title, plain.passed) == ("", "A handshake", True)


def test_one_host_is_a_mutant() -> None:
    scenario = loads(written("half-close-kills@server"))
    done = run(scenario, mutant="half-close-kills@server")
    assert {name: host.mutant is not None for name, host in done.network.hosts.items()} == {
        "client": False,
        "server": True,
    }
    assert done.trace.header.title.startswith("[mutant: half-close-kills@server] ")
    assert not done.passed
    assert run(scenario, mutant="half-close-kills@client").passed


def test_the_mutants_knobs_win_over_those_of_a_run() -> None:
    done = run(loads(written("no-nagle")), mutant="no-nagle", knobs={"nagle": True})
    assert not any(host.config.nagle for host in done.network.hosts.values())


def test_the_same_mutant_does_the_same_each_time() -> None:
    scenario = loads(written("half-close-kills"))
    once, again = (run(scenario, mutant="half-close-kills") for _ in range(2))
    assert once.trace.digest == again.trace.digest != run(scenario).trace.digest


@pytest.mark.parametrize(
    ("mutant", "message"),
    [
        ("half-close-kill", r"there is no mutant 'half-close-kill'; did you mean 'half-close-kills'\?"),
        ("half-close-kills@servr", r"there is no host 'servr': expected client or server; did you mean 'server'\?"),
        ("half-close-kills@", r"there is no host '': expected client or server"),
    ],
)
def test_what_is_no_mutant(mutant: str, message: str) -> None:
    with pytest.raises(NoSuchMutant, match=message):
        run(loads(written("half-close-kills")), mutant=mutant)


def test_a_mutant_is_a_name() -> None:
    with pytest.raises(TypeError, match="expected NAME or NAME@HOST"):
        run(loads(written("half-close-kills")), mutant=MUTANTS["half-close-kills"])  # type: ignore[arg-type]  # is wrong


def test_a_file_that_names_no_mutant_that_there_is() -> None:
    with pytest.raises(ScenarioError) as error:
        loads(written("half-close-kils@servr"), "mine.yaml")
    first, second = error.value.problems
    assert str(first).startswith("mine.yaml:2:9: there is no mutant 'half-close-kils'")
    assert "half-close-kills" in str(first)
    assert str(second).startswith("mine.yaml:2:25: there is no host 'servr'")


# ------------------------------------------------------------------ proofs


def test_a_proof() -> None:
    proof = prove(
        loads(written("half-close-kills@server"), "mine.yaml"), ["no-nagle", "half-close-kills", "rst-ignored"]
    )
    assert proof == Proof("mine", "half-close-kills@server", True, True, ("half-close-kills",))
    assert proof.wrong == ""


def test_a_proof_that_fails() -> None:
    proof = prove(loads(written("no-nagle"), "mine.yaml"), ["no-nagle"])
    assert proof == Proof("mine", "no-nagle", True, False, ())
    assert proof.wrong == "its own mutant, no-nagle, does not fail it"
    text = written("no-nagle").replace("mutant: no-nagle\n", "")
    assert prove(loads(text), []).wrong == "it names no mutant, so nothing shows that it can fail"
    text = written("no-nagle").replace("ends: idle", "ends: until")
    proof = prove(loads(text), ["no-nagle"])
    assert (proof.holds, proof.catches) == (False, ())
    assert proof.wrong == "an expectation does not hold, without any mutant"
