"""A script as a whole: options at the head, shell lines, events and their times, code, comments."""

from __future__ import annotations

import pytest

from tcpsim.packetdrill.parsing import parse
from tcpsim.packetdrill.places import Place, ScriptError
from tcpsim.packetdrill.script import Code, Command, Event, Integer, Name, Option, SystemCall, TcpPacket, When

MS = 1_000_000
SECOND = 1000 * MS


def when(time: str) -> When:
    return parse(f"{time} > . 1:1(0) ack 1", "a.pkt").events[0].when


def test_a_script_has_options_a_shell_line_events_and_a_last_shell_line() -> None:
    script = parse(
        "// what it shows\n"
        "--ip_version=ipv4\n"
        "--tolerance_usecs=10000 /* ten */ --strict_segments\n"
        "`../common/defaults.sh`\n"
        "0 close(3) = 0\n"
        "+0.5 `true`\n"
        "`cleanup`\n",
        "a.pkt",
    )
    assert script.options == (
        Option("ip_version", "ipv4"),
        Option("tolerance_usecs", "10000"),
        Option("strict_segments"),
    )
    assert script.init == Command("../common/defaults.sh")
    assert script.cleanup == Command("cleanup")
    assert script.events == (
        Event(When(0), SystemCall("close", (Integer(3),), Integer(0))),
        Event(When(500 * MS, relative=True), Command("true")),
    )
    assert script.name == "a.pkt"
    assert [event.place for event in script.events] == [Place("a.pkt", 5, 1), Place("a.pkt", 6, 1)]
    assert script.events[0].action.place == Place("a.pkt", 5, 3)
    assert script.line(6) == "+0.5 `true`"
    assert script.line(0) == script.line(99) == ""


def test_the_last_option_of_a_name_counts() -> None:
    script = parse("--mtu=1500 --mtu=9000 --dry_run\n0 `true`", "a.pkt")
    assert script.option("mtu") == "9000"
    assert script.option("dry_run") == ""
    assert script.option("mss") is None
    assert script.option("mss", "1460") == "1460"


@pytest.mark.parametrize(
    ("spelled", "value"),
    [
        ("--local_ip=192.0.2.1", "192.0.2.1"),
        ("--local_ip=fd3d:fa7b:d17d::1", "fd3d:fa7b:d17d::1"),
        ("--ip_version=ipv4-mapped-ipv6", "ipv4-mapped-ipv6"),
        ('--so_flags="a b"', "a b"),
        ("--init_scripts=../common/defaults.sh,./other.sh", "../common/defaults.sh,./other.sh"),
        ("--mss = 1000", "1000"),
        ("--mss=1000// not part of it", "1000"),
        ("--non_fatal=packet,syscall", "packet,syscall"),
        ("--remote_ip=192.0.2.1/24", "192.0.2.1/24"),
    ],
)
def test_the_value_of_an_option(spelled: str, value: str) -> None:
    assert parse(f"{spelled}\n0 `true`", "a.pkt").options[0].value == value


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("0", When(0)),
        ("1.5", When(1500 * MS)),
        (".25", When(250 * MS)),
        ("+0", When(0, relative=True)),
        ("+.1", When(100 * MS, relative=True)),
        ("+ 2", When(2 * SECOND, relative=True)),
        ("1~2.5", When(1 * SECOND, 2500 * MS)),
        ("+0.1~+0.2", When(100 * MS, 200 * MS, relative=True)),
        ("*", When(anytime=True)),
        ("0.000000001", When(1)),
        ("0.0000000019", When(1)),
        ("0.29", When(290 * MS)),
        ("999999999.999999999", When(10**18 - 1)),
    ],
)
def test_times_are_whole_nanoseconds(spelled: str, expected: When) -> None:
    assert when(spelled) == expected


@pytest.mark.parametrize("spelled", ["0.1...0.3", "0.100 ... 0.3", "0.1...0.300000000"])
def test_a_blocking_call_tells_when_it_ends(spelled: str) -> None:
    event = parse(f"{spelled} accept(3, ..., ...) = 4", "a.pkt").events[0]
    assert event.when == When(100 * MS)
    assert isinstance(event.action, SystemCall)
    assert event.action.until == 300 * MS


def test_a_blocking_call_may_start_at_a_relative_time() -> None:
    event = parse("+0...0.2 read(4, ..., 1000) = 0", "a.pkt").events[0]
    assert event.when == When(0, relative=True)
    assert isinstance(event.action, SystemCall)
    assert event.action.until == 200 * MS


def test_code_stands_without_its_delimiters_and_knows_its_line() -> None:
    script = parse("0 %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%\n1 %{\nassert a\nassert b\n}%", "a.pkt")
    first, second = (event.action for event in script.events)
    assert first == Code("assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd")
    assert first.place == Place("a.pkt", 1, 6)
    assert second == Code("assert a\nassert b")
    assert second.place == Place("a.pkt", 3, 1)


def test_code_on_lines_of_its_own_loses_the_indentation_that_they_share() -> None:
    script = parse("0 %{\n     if a:\n       assert b\n   }%", "a.pkt")
    assert script.events[0].action == Code("if a:\n  assert b")


def test_comments_and_blanks_stand_anywhere() -> None:
    script = parse("\ufeff/* a\n b */ 0 > // c\r\n\t. /* 1:1 */ 1:1(0)\n ack 1 // d", "a.pkt")
    assert script.events[0].action == TcpPacket(direction=">", flags=".", seq=1, length=0, ack=1)
    assert script.events[0].place == Place("a.pkt", 2, 7)


def test_events_follow_each_other_without_any_sign_between_them() -> None:
    script = parse("0 close(3) = 0 1 close(4) = -1 EBADF (Bad file descriptor) +1 `true` 2 %{ pass }% `end`", "a.pkt")
    assert len(script.events) == 4
    assert script.cleanup == Command("end")


# ---------------------------------------------------------------------------------------------------- definitions


def result_of(text: str, **given: str) -> object:
    action = parse(text, "a.pkt", defines=given).events[0].action
    assert isinstance(action, SystemCall)
    return action.result


def test_a_definition_replaces_a_word() -> None:
    assert result_of("--define=FD=4\n0 close(FD) = FD") == Integer(4)
    assert result_of("-D FD=0x10\n0 close(3) = FD") == Integer(16, hexadecimal=True)
    assert result_of("-DFD=-1 0 close(3) = FD") == Integer(-1)
    assert result_of("--define=FD=OTHER\n0 close(3) = FD") == Name("OTHER")
    assert result_of('--define=CC="reno"\n0 close(3) = CC').text == "reno"  # type: ignore[attr-defined]  # a String
    assert parse("--define=SCRIPT=`a.sh`\n0 SCRIPT", "a.pkt").events[0].action == Command("a.sh")


def test_the_callers_definition_outranks_the_scripts() -> None:
    assert result_of("--define=FD=4\n0 close(3) = FD", FD="5") == Integer(5)


def test_a_word_of_the_grammar_is_not_replaced() -> None:
    script = parse("0 > S 0:0(0) <mss MSS,nop,nop,sackOK>", "a.pkt", defines={"mss": "1", "MSS": "1460"})
    assert script == parse("0 > S 0:0(0) <mss 1460,nop,nop,sackOK>", "a.pkt")


def test_a_definition_that_is_no_single_word_is_told_where_it_is_used() -> None:
    assert parse("0 close(3) = 0", "a.pkt", defines={"UNUSED": "a b"}).events
    with pytest.raises(ScriptError) as caught:
        parse("0 close(FD) = 0", "a.pkt", defines={"FD": "3, 4"})
    assert caught.value.place == Place("a.pkt", 1, 9)
    assert "'FD' is defined as '3, 4'" in str(caught.value)


# ----------------------------------------------------------------------------------------------------- conditions


def numbers(text: str, *predefined: str) -> list[int]:
    """Which descriptors a script closes."""
    found = []
    for event in parse(text, "a.pkt", predefined=predefined).events:
        assert isinstance(event.action, SystemCall)
        descriptor = event.action.arguments[0]
        assert isinstance(descriptor, Integer)
        found.append(descriptor.value)
    return found


CHOICE = "#ifdef FreeBSD\n0 close(1) = 0\n#else\n0 close(2) = 0\n#endif\n0 close(3) = 0\n"


def test_ifdef_keeps_what_holds() -> None:
    assert numbers(CHOICE, "FreeBSD") == [1, 3]
    assert numbers(CHOICE, "STANDARD") == [2, 3]
    assert numbers(CHOICE.replace("#ifdef", "#ifndef"), "FreeBSD") == [2, 3]
    assert numbers("--define=FreeBSD=1\n" + CHOICE) == [1, 3]
    assert numbers("-D FreeBSD=1\n" + CHOICE) == [1, 3]
    assert parse(CHOICE, "a.pkt", defines={"FreeBSD": "1"}).events[0].place.line == 2


def test_conditions_nest() -> None:
    text = (
        "#ifdef A\n#ifdef B\n0 close(1) = 0\n#else\n0 close(2) = 0\n#endif\n"
        "#else\n#ifndef B\n0 close(3) = 0\n#else\n0 close(4) = 0\n#endif\n#endif\n"
    )
    assert numbers(text, "A", "B") == [1]
    assert numbers(text, "A") == [2]
    assert numbers(text) == [3]
    assert numbers(text, "B") == [4]


def test_what_follows_a_condition_keeps_its_place() -> None:
    script = parse("#ifdef A\n0 wrong(\n#endif 0 close(1) = 0", "a.pkt")
    assert script.events[0].place == Place("a.pkt", 3, 8)


def test_directives_in_comments_strings_shell_lines_and_code_are_none() -> None:
    text = '// #ifdef A\n/* #else */ 0 open("#ifdef A", 0) = 3\n0 `echo #endif`\n0 %{ pass #else\n}%\n#ifdef A\n#endif'
    assert len(parse(text, "a.pkt").events) == 3


def test_what_does_not_hold_need_not_be_well_formed() -> None:
    assert numbers('#ifdef A\n0 "never ends %{ /* ` close(\n#endif\n0 close(3) = 0') == [3]
