"""The pytest plugin, in a pytest of its own: what it collects, gives, tells and refuses; and what its page says."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tcpsim.net import Network
from tcpsim.testing import Pair

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
GOOD = """\
title: A handshake
profile: plain
hosts:
  client: {}
  server: {}
script:
  - {host: server, call: listen, port: 80}
  - {host: client, call: connect, to: "server:80"}
expect:
  states: {client: ESTABLISHED}
"""


@pytest.fixture
def inside(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    return pytester


def ran(inside: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return inside.runpytest_inprocess(
        "-p", "no:tcpsim", "-p", "tcpsim.testing.plugin", "-p", "no:cacheprovider", *arguments
    )


def blocks(info: str) -> list[str]:
    return re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_plugin_is_found_by_its_entry_point() -> None:
    (point,) = [each for each in entry_points(group="pytest11") if each.name == "tcpsim"]
    assert point.value == "tcpsim.testing.plugin"


def test_every_example_of_the_page_passes(inside: pytest.Pytester) -> None:
    examples = blocks("python test")
    assert len(examples) == 3
    for number, text in enumerate(examples):
        inside.makepyfile(**{f"test_{number}": text})
    (scenario,) = blocks("yaml lost-syn.tcp.yaml")
    inside.path.joinpath("lost-syn.tcp.yaml").write_text(scenario, "utf-8")
    ran(inside).assert_outcomes(passed=4)


def test_a_failure_shows_the_ladder_and_the_command_that_repeats_it(inside: pytest.Pytester) -> None:
    inside.makepyfile(
        test_it="""
        def test_it(tcp_pair):
            tcp_pair.open()
            assert False
        """
    )
    done = ran(inside)
    done.assert_outcomes(failed=1)
    (shown,) = blocks("text failure")
    assert shown in f"{done.stdout}\n"


def test_a_test_without_the_fixtures_is_left_alone(inside: pytest.Pytester) -> None:
    inside.makepyfile("def test_it(): assert False")
    assert "what the network did" not in str(ran(inside).stdout)


def test_the_seed_goes_to_the_fixtures_and_to_scenarios(inside: pytest.Pytester) -> None:
    inside.makepyfile("def test_it(tcp_network): assert tcp_network.seed == 7")
    inside.path.joinpath("bad.tcp.yaml").write_text(GOOD.replace("ESTABLISHED", "CLOSED"), "utf-8")
    done = ran(inside, "--tcpsim-seed", "7")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["to run it again: tcpsim run *bad.tcp.yaml --seed 7"])
    inside.makepyfile("def test_it(tcp_network): assert tcp_network.seed == 1")
    inside.path.joinpath("bad.tcp.yaml").unlink()
    ran(inside).assert_outcomes(passed=1)


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", "9223372036854775808", "9" * 30])
def test_a_seed_that_is_none_is_refused(inside: pytest.Pytester, seed: str) -> None:
    done = ran(inside, f"--tcpsim-seed={seed}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "expected a whole number from 0 to 9223372036854775807" in str(done.stderr)


def test_a_scenario_that_fails_tells_where_and_what_happened_instead(inside: pytest.Pytester) -> None:
    inside.path.joinpath("bad.tcp.yaml").write_text(GOOD.replace("ESTABLISHED", "CLOSED"), "utf-8")
    done = ran(inside)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "*bad.tcp.yaml:10:12: expected client to end in CLOSED, but it ended in ESTABLISHED*",
            "*├─ SYN seq 0 *",
            "to run it again: tcpsim run *bad.tcp.yaml --seed 1",
        ]
    )


def test_a_file_that_is_no_scenario_is_told_with_its_place_and_without_a_traceback(inside: pytest.Pytester) -> None:
    inside.path.joinpath("bad.tcp.yml").write_text(GOOD.replace("profile: plain", "profil: plain"), "utf-8")
    done = ran(inside)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*bad.tcp.yml:2:1: unknown key 'profil'; did you mean 'profile'?"])
    assert "Traceback" not in str(done.stdout)


def test_other_yaml_files_are_no_tests(inside: pytest.Pytester) -> None:
    inside.path.joinpath("plain.yaml").write_text(GOOD, "utf-8")
    assert ran(inside).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_fault_that_never_strikes_is_an_error(inside: pytest.Pytester) -> None:
    inside.makepyfile("""
        def test_it(tcp_pair):
            tcp_pair.drop("first FIN", "2nd SYN")
            tcp_pair.duplicate("first SYN")
            tcp_pair.delay("first ACK from client", by="1s")
            tcp_pair.open()
        def test_that_fails_is_not_blamed_twice(tcp_pair):
            tcp_pair.drop("first FIN")
            assert False
        """)
    done = ran(inside)
    done.assert_outcomes(passed=1, errors=1, failed=1)
    done.stdout.fnmatch_lines(["no such packet was sent: drop first FIN; drop 2nd SYN"])


def test_a_bug_in_a_scenario_item_is_shown_as_pytest_shows_it(inside: pytest.Pytester) -> None:
    inside.makeconftest("""
        import pytest, tcpsim.scenario
        patch = pytest.MonkeyPatch()
        def broken(*_, **__): raise RuntimeError("out of order")
        def pytest_configure(): patch.setattr(tcpsim.scenario, "run", broken)
        def pytest_unconfigure(): patch.undo()
        """)
    inside.path.joinpath("good.tcp.yaml").write_text(GOOD, "utf-8")
    done = ran(inside)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*RuntimeError: out of order"])


# ---------------------------------------------------------------------- the pair itself


def test_a_pair_delays_and_duplicates_what_is_named() -> None:
    pair = Pair(Network(seed=1))
    pair.delay("first ACK from client", by=200_000_000)
    pair.duplicate("first SYN")
    client, server = pair.open()
    assert pair.net.now == 350_000_000
    assert pair.unused == []
    client.send(b"x")
    pair.run()
    assert server.received == b"x"
    assert pair.lines()[:4] == [
        "client SYN seq 0", "server SYN,ACK seq 0 ack 1", "server ACK seq 1 ack 1", "client ACK seq 1 ack 1 delayed",
    ]  # fmt: skip


def test_a_pair_opens_again_and_says_so_if_it_cannot() -> None:
    pair = Pair(Network(seed=1))
    first = pair.open()
    assert pair.open() != first
    assert "#2 ESTABLISHED" in str(pair)
    lost = Pair(Network(seed=1), profile="rfc9293", delay="1ms", nagle=False)
    lost.drop("every SYN")
    with pytest.raises(AssertionError, match="the connection did not open: CLOSED"):
        lost.open()


def test_words_that_name_no_packet_are_refused() -> None:
    with pytest.raises(ValueError, match="drop 2nd SIN: "):
        Pair(Network(seed=1)).drop("2nd SIN")
