"""`tcpsim packetdrill`: exit codes, what is printed, JUnit XML, several processes, and Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli import packetdrill as command
from tcpsim.cli.commands import tcpsim

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 close(3) = 0\n"
BAD = """0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000
+0 > S. 0:0(0) ack 2 win 10000
"""
NOT_RUN = "0 `rm -rf /`\n"
MALFORMED = "0 clsoe(3) = 0\n"


def call(*arguments: str, environment: dict[str, str] | None = None) -> Result:
    return CliRunner(env=environment).invoke(tcpsim, ["packetdrill", "--profile", "plain", *arguments])


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    for name, text in (
        ("one/good.pkt", GOOD), ("one/bad.pkt", BAD), ("two/good.pkt", GOOD), ("two/not-run.pkt", NOT_RUN),
        ("two/deeper/good.pkt", GOOD), ("two/notes.txt", "no script"),
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def written(folder: Path, text: str, name: str = "a.pkt") -> str:
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)


# ---------------------------------------------------------------------- exit codes


@pytest.mark.parametrize(("text", "code"), [(GOOD, 0), (BAD, 1), (NOT_RUN, 1), (MALFORMED, 2)])
def test_the_exit_code_is_the_answer(tmp_path: Path, text: str, code: int) -> None:
    assert call(written(tmp_path, text)).exit_code == code


def test_what_was_not_run_may_be_overlooked(tmp_path: Path) -> None:
    assert call("--allow-not-run", written(tmp_path, NOT_RUN)).exit_code == 0
    assert call("--allow-not-run", written(tmp_path, BAD)).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'PATH...'"),
        (("nowhere.pkt",), "nowhere.pkt: there is no such file"),
        (("--profile", "windows", "x.pkt"), "--profile: expected one of"),
        (("--profile", "FreeBSD", "x.pkt"), "plain, freebsd, linux, not 'FreeBSD'; did you mean 'freebsd'?"),
        (("-D", "1x", "x.pkt"), "-D takes NAME or NAME=VALUE"),
        (("--tolerance", "some", "x.pkt"), "--tolerance takes microseconds or the word exact"),
        (("--ip-version", "ipv5", "x.pkt"), "ipv5"),
        (("--knob", "mss", "x.pkt"), "--knob takes NAME=VALUE, not 'mss'"),
        (("--knob", "mess=5", "x.pkt"), "--knob: unknown knob 'mess': did you mean mss?"),
        (("--knob", "mss=many", "x.pkt"), "--knob: mss: expected a whole number of octets"),
        (("--sockets", "windows", "x.pkt"), "--sockets: expected one of rfc9293, plain, linux, freebsd, ahead"),
        (("-j", "0", "x.pkt"), "-j"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], said: str) -> None:
    ran = call(*arguments)
    assert ran.exit_code == 2
    assert said in ran.stderr


SHAKEN = BAD.replace("ack 2 win 10000", "ack 1 win 3000")
WINDOW = f"""{SHAKEN}
+.1 < P. 1:101(100) ack 1 win 1000
+0 accept(3, ..., ...) = 4
+0 > . 1:1(0) ack 101 win 2900
+0 read(4, ..., 60) = 60
+0 read(4, ..., 60) = 40
+.1 < P. 101:2601(2500) ack 1 win 1000
+0 > . 1:1(0) ack 2601 win 400
"""


def test_knobs_and_sockets_take_the_place_of_the_profiles(tmp_path: Path) -> None:
    knobs = ("--knob", "rcv_buff=4000", "--knob", "rcv_buff=3000", "--knob", "mtu=1500")
    script = written(tmp_path, WINDOW)
    assert call(script).exit_code == 1
    assert call(*knobs, script).exit_code == 0, "RCV.NXT has moved on by 2,600, and that room is taken"
    assert call(*knobs, "--sockets", "freebsd", script).exit_code == 0
    assert call(*knobs, "--sockets", "ahead", script).exit_code == 1, "it is not"


def test_a_directory_without_a_script(tmp_path: Path) -> None:
    ran = call(str(tmp_path))
    assert (ran.exit_code, ran.stderr) == (2, f"{tmp_path}: there is no script, no *.pkt, in this directory\n")


def test_a_directory_below_that_can_t_be_read(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def denied(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("deeper"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    ran = call(str(suite), "-q")
    assert (ran.exit_code, ran.stderr) == (2, f"{suite / 'two' / 'deeper'}: can't be read: Permission denied\n")


def test_files_that_are_no_scripts_leave_the_others_their_run(suite: Path) -> None:
    (suite / "one" / "octets.pkt").write_bytes(bytes(range(256)))
    (suite / "one" / "huge.pkt").write_bytes(b" " * 4_000_001)
    (suite / "one" / "gone.pkt").symlink_to("nowhere.pkt")
    (suite / "one" / "folder.pkt").mkdir()
    ran = call(str(suite / "one"), "-q")
    assert ran.exit_code == 2
    assert ran.stdout.splitlines()[1:4] == [
        f"? {suite}/one/gone.pkt: the file can't be read: No such file or directory",
        f"? {suite}/one/huge.pkt: the file is longer than any script (4,000,000 octets)",
        f"? {suite}/one/octets.pkt: the file holds NUL octets, as no script does",
    ]
    assert ran.stdout.splitlines()[-1].split()[1:] == ["1", "1", "0", "3"]


def test_a_script_from_a_pipe_is_read_once(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = Thread(target=fifo.write_text, args=(BAD,))
    writer.start()
    ran = call(str(fifo))
    writer.join()
    assert ran.exit_code == 1
    assert "SYN-RECEIVED" in ran.stdout, "also for its ladder"


# ---------------------------------------------------------------------- what is printed


def test_one_script_that_passes_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert call(path).stdout == f"✓ {path}\n"
    assert call("--ascii", path).stdout == f"ok {path}\n"


def test_a_failure_shows_line_fields_and_ladder(tmp_path: Path) -> None:
    ran = call(written(tmp_path, BAD), "--width", "100").stdout
    assert "a.pkt:5:1: failed: another packet comes" in ran.replace("\n", " ")
    assert "  +0 > S. 0:0(0) ack 2 win 10000\n" in ran
    lines = ran.splitlines()
    head = next(number for number, line in enumerate(lines) if "expected" in line and "found" in line)
    fields = {line.split()[-3 if line.lstrip().startswith("≠") else 0]: line for line in lines[head + 1 : head + 8]}
    assert fields["ack"].split() == ["≠", "ack", "2", "1"]
    assert fields["flags"].split() == ["flags", "S.", "S."]
    assert "SYN,ACK seq 0 ack 1" in ran
    assert "192.168.0.1:8080" in ran


def test_without_details(tmp_path: Path) -> None:
    path = written(tmp_path, BAD)
    assert call("-q", path).stdout == f"✗ {path}:5:1: another packet comes (ack: expected 2, found 1)\n"


def test_what_came_instead_is_told_as_a_script_writes_it(tmp_path: Path) -> None:
    told = call(written(tmp_path, BAD)).stdout
    assert "\n  +0 > S. 0:0(0) ack 2 win 10000\n  instead   > S. 0:0(0) ack 1 win 10000\n" in told
    assert told.endswith("a.pkt:5:1: another packet comes (ack: expected 2, found 1)\n"), "below the ladder, once more"
    quiet = GOOD.replace("+0 close(3) = 0", "+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n+.5 > . 1:1(0) ack 1")
    told = call(written(tmp_path, quiet)).stdout
    assert "  instead   nothing until 2.500000\n  due at    0.500000\n" in told
    told = call(written(tmp_path, GOOD.replace("close(3) = 0", "close(3) = 1"))).stdout
    assert "  instead   " not in told, "a row with both values says it"


def test_a_call_that_sleeps_unasked_is_told_what_to_do(tmp_path: Path) -> None:
    text = GOOD.replace("close(3) = 0", "bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n+0 accept(3, ..., ...) = 4")
    (line,) = call("-q", written(tmp_path, text)).stdout.splitlines()
    assert line.endswith(
        "a.pkt:4:1: accept() sleeps, though it is written to return at once; "
        "write when it ends (+0...0.5), or have O_NONBLOCK set"
    )


def test_what_was_not_run_is_told_with_its_line(tmp_path: Path) -> None:
    ran = call(written(tmp_path, NOT_RUN))
    assert ran.stdout.count("'rm'") == 1, "said once, where no ladder comes between"
    assert "a.pkt:1:3: not run: tcpsim doesn't know the command 'rm'" in ran.stdout.replace("\n", " ")


def test_what_is_malformed_is_told_with_its_place(tmp_path: Path) -> None:
    ran = call(written(tmp_path, MALFORMED), "--width", "200")
    assert "a.pkt:1:3: malformed: " in ran.stdout
    assert "close" in ran.stdout


def test_each_directory_is_counted(suite: Path) -> None:
    ran = call(str(suite), "-q")
    assert ran.exit_code == 1
    table = [line.split() for line in ran.stdout.splitlines()[-6:]]
    assert table == [
        ["below", f"{suite}:"],
        ["directory", "passed", "failed", "not", "run"],
        ["one", "1", "1", "0"],
        ["two", "1", "0", "1"],
        ["two/deeper", "1", "0", "0"],
        ["total", "3", "1", "1"],
    ]


def test_each_script_is_told(suite: Path) -> None:
    told = call(str(suite), "--verbose", "-q", "--ascii").stdout.splitlines()
    assert [line.split()[0] for line in told[:5]] == ["FAILED", "ok", "ok", "ok", "not"]


def test_the_ladder_of_what_passed(tmp_path: Path) -> None:
    ran = call(written(tmp_path, BAD.replace("ack 2", "ack 1")), "--ladder")
    assert ran.exit_code == 0
    assert "SYN-RECEIVED" in ran.stdout


def test_a_script_is_run_once_however_often_it_is_named(suite: Path) -> None:
    ran = call(str(suite), str(suite / "one"), str(suite / "one" / "good.pkt"), "-q")
    assert ran.stdout.splitlines()[-1].split() == ["total", "3", "1", "1"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_too_wide_and_ascii_is_ascii(suite: Path, width: int) -> None:
    ran = call(str(suite), "--ascii", "--width", str(width)).stdout
    assert ran.isascii()
    paths = [line for line in ran.splitlines() if len(line) > width]
    assert all(str(suite) in line for line in paths), "only a path may be wider, for it can't be broken"


def test_options_reach_the_scripts(tmp_path: Path) -> None:
    late = BAD.replace("ack 2", "ack 1").replace("+0 > S.", "+.005 > S.")
    path = written(tmp_path, late)
    assert call(path).exit_code == 1
    assert call("--tolerance", "6000", path).exit_code == 0
    assert call("--tolerance", "exact", written(tmp_path, late.replace("+.005", "+.001"))).exit_code == 1
    mine = written(tmp_path, f"{GOOD}#ifdef MINE\n+0 close(3) = 0\n#endif\n+0 listen(3, NUMBER) = 0\n")
    assert call("-D", "MINE", "-D", "NUMBER=1", mine).exit_code == 1
    assert "192.168.0.1" not in call("--ip-version", "ipv6", written(tmp_path, BAD)).stdout


# ---------------------------------------------------------------------- many scripts


def test_junit_file(suite: Path, tmp_path: Path) -> None:
    target = tmp_path / "results.xml"
    assert call(str(suite), "-q", "--junit", str(target)).exit_code == 1
    cases = {case.get("file"): [child.tag for child in case] for case in ET.parse(target).getroot().iter("testcase")}
    assert cases[str(suite / "one" / "bad.pkt")] == ["failure"]
    assert cases[str(suite / "two" / "not-run.pkt")] == ["error"]
    assert len(cases) == 5


def test_a_junit_file_that_can_t_be_written(suite: Path) -> None:
    ran = call(str(suite), "-q", "--junit", str(suite / "one"))
    assert (ran.exit_code, ran.stderr) == (2, f"{suite / 'one'}: can't be written: it is a directory; name a file\n")
    assert ran.stdout == "", "that is said before anything runs"
    ran = call(str(suite), "-q", "--junit", str(suite / "none" / "x.xml"))
    said = f"{suite}/none/x.xml: can't be written: there is no directory {suite}/none\n"
    assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", said)
    assert "takes the name of a file" in call(str(suite), "--junit", "-").stderr


def test_a_junit_file_is_never_written_where_none_may(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    ran = call(str(suite), "-q", "--junit", str(suite / "x.xml"))
    assert (ran.exit_code, ran.stderr) == (2, f"{suite}/x.xml: can't be written: Permission denied\n")


def test_a_junit_file_is_no_script_that_is_run(suite: Path) -> None:
    script = suite / "one" / "good.pkt"
    ran = call(str(suite), "-q", "--junit", str(script))
    assert ran.exit_code == 2
    assert "this is the file that is read; --junit takes another one" in ran.stderr
    assert script.read_text("utf-8") == GOOD


def test_the_failure_of_a_junit_case_says_what_differs(suite: Path, tmp_path: Path) -> None:
    target = tmp_path / "results.xml"
    call(str(suite), "-q", "--junit", str(target))
    (failure,) = ET.parse(target).getroot().iter("failure")
    assert failure.get("message") == "another packet comes (ack: expected 2, found 1)"


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    for number in range(40):
        written(tmp_path, GOOD if number % 4 else BAD, f"{number:02}.pkt")
    one, two = call(str(tmp_path), "-q"), call(str(tmp_path), "-q", "-j", "2")
    assert one.stdout == two.stdout
    assert (one.exit_code, two.exit_code) == (1, 1)


def test_ctrl_c_keeps_what_was_found(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = command.run_files

    def interrupted(names: list[str], *ways: object) -> object:
        if names[0].endswith("not-run.pkt"):
            raise KeyboardInterrupt
        return runs(names, *ways)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(command, "run_files", interrupted)
    target = suite / "results.xml"
    ran = call(str(suite), "-q", "--junit", str(target))
    assert ran.exit_code == 130
    assert ran.stdout.splitlines()[-1] == "interrupted: 1 of 5 scripts have not run"
    assert len(list(ET.parse(target).getroot().iter("testcase"))) == 4


def test_ctrl_c_ends_every_process_at_once(tmp_path: Path) -> None:
    long = GOOD.replace("+0 close", "+1 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n" * 20_000 + "+0 close")
    for number in range(40):
        written(tmp_path, long, f"{number:02}.pkt")
    command = [sys.executable, "-m", "tcpsim", "packetdrill", "-q", "-j", "2", str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    with process:
        time.sleep(3)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "of 40 scripts have not run" in said
    assert time.monotonic() - began < 5, "each script takes a second or so, and 40 were asked for"


def test_every_option_is_told_in_the_page_and_its_help_shows_how() -> None:
    page = (Path(__file__).parents[2] / "docs" / "packetdrill.md").read_text("utf-8")
    options = [
        option for each in command.packetdrill.params if each.param_type_name == "option" for option in each.opts
    ]
    assert [option for option in options if f"`{option}" not in page] == []
    told = call("--help").stdout
    assert "Examples:" in told
    assert max(map(len, told.splitlines())) <= 80


def test_the_failure_of_the_page_is_todays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "packetdrill.md").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    shown = page.split("```text\n")[1].split("```")[0]
    assert call(written(Path(), BAD, "server.pkt")).stdout.startswith(shown)


PAGES = ("README.md", "docs/packetdrill.md", "tests/packetdrill/README.md")


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_pass(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.chdir(root)
    text = (root / page).read_text("utf-8")
    commands = re.findall(r"^(?:\$ | {4})?tcpsim (packetdrill .*tests/packetdrill\S*)", text, re.MULTILINE)
    assert commands
    for words in commands:
        ran = CliRunner().invoke(tcpsim, [*words.split(), "-q"])
        assert ran.exit_code == 0, (words, ran.output)
