"""`tcpsim packetdrill`: exit codes, what is printed, JUnit XML, several processes, and Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli import packetdrill as command
from tcpsim.cli.commands import tcpsim

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


def test_a_file_that_is_no_script(tmp_path: Path) -> None:
    (tmp_path / "octets.pkt").write_bytes(bytes(range(256)))
    assert call(str(tmp_path / "octets.pkt")).exit_code == 2


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
    assert call("-q", path).stdout == f"✗ {path}:5: another packet comes\n"


def test_what_was_not_run_is_told_with_its_line(tmp_path: Path) -> None:
    ran = call(written(tmp_path, NOT_RUN))
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
