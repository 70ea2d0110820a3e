"""`tcpsim diff`: two runs of one scenario side by side, where they part, and which promises each of them keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli.commands import tcpsim

from .test_process import on_a_terminal

FIRST = " the first difference "
HANDSHAKE = """\
title: A handshake
profile: plain
hosts: {client: {}, server: {}}
script:
  - {host: server, call: listen, port: 80}
  - {host: client, call: connect, to: "server:80"}
expect:
  segments: [client SYN, server SYN-ACK, client ACK]
  timers: [client retransmission set at 0s for 1s]
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(tcpsim, ["diff", *arguments])


def said(ran: Result) -> str:
    """Return what was printed, without the breaks of lines."""
    return " ".join(ran.stdout.split())


# ---------------------------------------------------------------------- what is shown


def test_a_mutant_parts_from_the_scenario_and_its_rule_is_told() -> None:
    ran = call("close-four-way", "--mutant", "no-time-wait")
    assert ran.exit_code == 0
    above, below = ran.stdout.split(FIRST)
    assert "≠" not in above
    assert "client becomes CLOSED, only on the right." in said(ran)
    assert "as it is: it does not; next comes, at 61.3 s, client's timer 2 MSL 60 s expires" in said(ran)
    assert "mutant no-time-wait: at 1.3 s, client becomes CLOSED" in said(ran)
    assert "(RFC 9293 3.6.1, MUST-13)" in said(ran)
    assert "✓ as it is: all" in below
    assert "✗ mutant no-time-wait:" in below
    assert "`client time-wait fired at" in below


def test_a_row_has_time_host_and_words_of_both_sides() -> None:
    lines = call("handshake", "--profile", "plain", "--seed", "5", "--knob", "msl=1s").stdout
    assert "The two runs do not differ: all" in lines
    lines = call("lost-syn", "--knob", "rto_initial=3s").stdout
    row = next(line for line in lines.splitlines() if "expires" in line)
    assert row.split() == ["1", "s", "c", "RTO", "1", "s", "expires", "≠", "3", "s", "c", "RTO", "3", "s", "expires"]
    again = next(line for line in lines.splitlines() if "again" in line)
    assert again.split("≈")[0].split() == again.split("≈")[1].split() == ["c→s", "SYN", "seq", "0,", "again"]
    assert "client, the timer retransmission: 1 s on the left, 3 s on the right." in " ".join(lines.split())


def test_the_field_that_differs_is_named() -> None:
    ran = call("handshake", "--profile", "linux")
    assert "client, SYN seq 0: window 10000 on the left, 65535 on the right; options none on the left, mss" in said(ran)
    assert ran.stdout.count("win 65535") == 2, "once for each host"


def test_what_becomes_of_a_segment_is_compared() -> None:
    ran = call("lossy-transfer", "--seed", "3")
    assert re.search(r"lost \(random loss 5%\) on the (left, arrives on the right|right)", said(ran))


def test_initial_sequence_numbers_may_differ() -> None:
    ran = call("handshake", "--knob", "iss=77")
    assert "The two runs do not differ" in ran.stdout
    assert "✗ iss=77:" in ran.stdout


def test_two_values_are_for_the_two_sides() -> None:
    ran = call("handshake", "--profile", "linux", "--profile", "freebsd", "-q")
    assert ran.stdout == "handshake: profile linux and profile freebsd differ\n"
    ran = call("handshake", "--knob", "rto_initial=2s", "--knob", "rto_initial=3s", "--knob", "msl=1s", "-q")
    assert ran.stdout == "handshake: rto_initial=2s and rto_initial=3s, msl=1s differ\n"
    ran = call("lossy", "--seed", "1", "--seed", "1", "-q")
    assert (ran.exit_code, ran.stdout) == (0, "lossy: seed 1 and seed 1 are alike\n")


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--exit-code",), 1), (("--quiet",), 1)])
def test_a_difference_is_a_failure_only_for_who_asks(options: tuple[str, ...], code: int) -> None:
    assert call("handshake", "--profile", "linux", *options).exit_code == code
    assert call("handshake", "--profile", "plain", *options).exit_code == 0


def test_a_failure_of_one_side_is_told_briefly(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(HANDSHAKE, "utf-8")
    ran = call(str(path), "--knob", "rto_initial=3s")
    assert ran.exit_code == 0
    assert "client, the timer retransmission: 1 s on the left, 3 s on the right." in said(ran), "no ladder shows it"
    assert re.search(r"^✓ as it is: all \d expectations hold$", ran.stdout, re.MULTILINE)
    assert re.search(r"^✗ rto_initial=3s: 1 of \d does not hold$", ran.stdout, re.MULTILINE)
    assert "it differs: it was set at 0s for 3s, not for 1s" in said(ran)


# ---------------------------------------------------------------------- the page


@pytest.mark.parametrize("width", ["60", "80", "100", "160", "200"])
@pytest.mark.parametrize("name", ["handshake", "lossy", "lossy-transfer", "simultaneous-close"])
def test_no_line_is_too_wide(name: str, width: str) -> None:
    ran = call(name, "--profile", "freebsd", "--width", width)
    assert max(map(len, ran.stdout.splitlines())) <= int(width)
    assert not re.search(r"\S/scenarios/", ran.stdout), "a path as long as that of the repository"


@pytest.mark.parametrize("width", ["80", "160"])
def test_ascii_prints_nothing_else(width: str) -> None:
    ran = call("lossy", "--profile", "linux", "--ascii", "--width", width)
    assert ran.stdout.isascii()
    assert FIRST in ran.stdout


def test_from_160_columns_on_two_ladders_stand_side_by_side() -> None:
    ran = call("close-four-way", "--mutant", "no-time-wait", "--width", "160")
    arrows = [line for line in ran.stdout.splitlines() if line.count("├─ FIN,ACK seq 1 ack 1") == 2]
    assert len(arrows) == 1
    above, below = ran.stdout.split(FIRST)
    assert "as it is" in above.splitlines()[2]
    assert "61.3 s" not in above
    assert "61.3 s" in below


def test_a_long_ladder_is_cut_unless_all_is_asked_for(tmp_path: Path) -> None:
    send = "  - {when: client is ESTABLISHED, host: client, call: send, octets: 300000}\n"
    path = tmp_path / "long.yaml"
    path.write_text(HANDSHAKE.split("expect:", maxsplit=1)[0] + send, "utf-8")
    short, whole = (call(str(path), "--profile", "linux", *more).stdout for more in ((), ("--whole",)))
    assert "more rows; --whole shows them" in short
    assert "more rows" not in whole
    assert len(whole) > len(short)


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[" in on_a_terminal("diff", "handshake", "--profile", "linux")
    assert "\x1b[3" not in on_a_terminal("diff", "handshake", "--profile", "linux", NO_COLOR="1")


# ---------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("handshake",), "say what is to differ"),
        (("handshake", "--seed", "1", "--seed", "2", "--seed", "3"), "--seed: there are two runs"),
        (("handshake", "--knob", "msl=1s", "--knob", "msl=2s", "--knob", "msl=3s"), "--knob msl: there are two runs"),
        (("handshake", "--knob", "msl"), "--knob: expected NAME=VALUE, not 'msl'"),
        (("handshake", "--knob", "mls=1s"), "--knob: unknown knob 'mls': did you mean"),
        (("handshake", "--knob", "msl=soon"), "--knob: msl: expected a duration"),
        (("handshake", "--profile", "linx"), "--profile: expected one of"),
        (("handshake", "--mutant", "no-time-wai"), "did you mean 'no-time-wait'?"),
        (("handshake", "--mutant", "no-time-wait@clint"), "there is no host 'clint'"),
        (("handshak", "--seed", "1"), "did you mean 'handshake'?"),
    ],
)
def test_wrong_arguments_are_told(arguments: tuple[str, ...], words: str) -> None:
    ran = call(*arguments)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert words in " ".join(ran.stderr.split())


def test_a_trace_has_run_already(tmp_path: Path) -> None:
    ran = call(str(tmp_path / "kept.jsonl"), "--seed", "1")
    assert ran.exit_code == 2
    assert "this is a trace, which has run already" in " ".join(ran.stderr.split())
