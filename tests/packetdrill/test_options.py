"""Options of a script and the caller's word: what counts, what is wrong, what isn't offered; `#ifdef` by profile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tcpsim.packetdrill import Ways, parse
from tcpsim.packetdrill.clock import DEFAULT_TOLERANCE, Tolerance, seconds
from tcpsim.packetdrill.options import ADDRESSES, DIALECTS, Setup, setup
from tcpsim.tcp.config import PROFILES, KnobError, checked
from tests.packetdrill.judged import SERVER, check, judge

MS = 1_000_000
EVENT = "0 `true`"


def made(options: str, ways: Ways | None = None) -> Setup:
    return setup(parse(f"{options}\n{EVENT}", "a.pkt"), ways or Ways("plain"))


def test_defaults() -> None:
    plain = made("")
    assert plain.tolerance == Tolerance(DEFAULT_TOLERANCE, 50)
    assert (plain.bind_to, plain.connect_to) == (("192.168.0.1", 8080), ("192.0.2.1", 8080))
    assert (plain.ip_version, plain.joins, plain.stamp_tick, plain.scaled_echo) == ("ipv4", False, 0, False)
    assert made("", Ways("linux")).joins
    assert made("", Ways("linux")).tolerance.share == 125


def test_options_of_the_script_have_effect() -> None:
    given = made(
        "--ip_version=ipv6 --tolerance_usecs=10000 --tolerance_percent=7.5 --mtu=9000 --local_ip=fd00::5\n"
        "--remote_ip=2001:DB8::9/32 --bind_port=80 --connect_port=81 --tcp_ts_tick_usecs=1000 --tcp_ts_ecr_scaled"
    )
    assert given.tolerance == Tolerance(10 * MS, 75)
    assert (given.bind_to, given.connect_to) == (("fd00::5", 80), ("2001:db8::9", 81))
    assert (given.ipv6, given.config.mtu, given.stamp_tick, given.scaled_echo) == (True, 9000, 1000, True)
    assert not made("--strict_segments", Ways("linux")).joins
    assert made("--ip_version=ipv4_mapped_ipv6").ip_version == "ipv4-mapped-ipv6"


def test_the_last_of_an_option_counts() -> None:
    assert made("--tolerance_usecs=1\n--tolerance_usecs=2").tolerance.least == 2000


def test_the_caller_counts_before_the_script() -> None:
    ways = Ways("plain", tolerance=0, ip_version="ipv6")
    given = made("--ip_version=ipv4 --tolerance_usecs=10000", ways)
    assert given.tolerance == Tolerance(0, 0)
    assert given.bind_to[0] == ADDRESSES["ipv6"][0]


@pytest.mark.parametrize(
    "options",
    [
        "--local_ip=nowhere",
        "--local_ip=fd00::1",
        "--remote_ip=224.0.0.1",
        "--local_ip=0.0.0.0",
        "--local_ip=192.0.2.1",
        "--tolerance_percent=many",
        "--tolerance_percent=101",
        "--mtu=10",
    ],
)
def test_a_wrong_value_is_malformed_with_its_place(options: str) -> None:
    result = judge(f"{options}\n{EVENT}")
    assert (result.verdict, result.place.line) == ("malformed", 1)


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ("--init_scripts=../common/defaults.sh", True),
        ("--init_scripts=../common/defaults.sh,rm.sh", False),
        ("--non_fatal=packet", False),
        ("--udp_encapsulation=tcp", False),
        ("--udp_encapsulation=none", True),
        ("--dry_run", False),
        ("--tcp_md5_secret=x", False),
        ("--wire_client", True),
        ("--speed=100", True),
        ("--mss=1000", True),
    ],
)
def test_what_an_option_asks_for_may_not_be_there(options: str, runs: bool) -> None:
    assert judge(f"{options}\n{EVENT}").verdict == ("passed" if runs else "not run")


IFDEF = f"""{SERVER.replace("ack 1", "ack 1 <...>")}
#ifdef FreeBSD
+0 close(4) = 1 // FreeBSD
#endif
#ifdef Linux
+0 close(4) = 1 // Linux
#endif
#ifdef STANDARD
+0 close(4) = 1 // STANDARD
#endif
#ifdef MINE
+0 close(4) = 1 // MINE
#endif
"""


@pytest.mark.parametrize(
    ("profile", "word"), [("freebsd", "FreeBSD"), ("linux", "Linux"), ("rfc9293", "STANDARD"), ("plain", "STANDARD")]
)
def test_each_profile_has_a_name(profile: str, word: str) -> None:
    script = IFDEF.replace("< S 0:0(0) win 1000", "< S 0:0(0) win 1000 <mss 1000>").replace(
        "ack 1 <...> win", "ack 1 win"
    )
    result = judge(script, profile=profile)
    assert result.source.endswith(f"// {word}"), result


def test_names_can_be_defined() -> None:
    mine = f"{SERVER}\n#ifdef MINE\n+0 close(4) = 1 // failed\n#endif"
    check(mine, defines=(("MINE", ""),))
    assert judge(mine).passed
    check(f"{SERVER}\n+0 close(4) = RESULT", defines=(("RESULT", "0"),))


def test_every_dialect_belongs_to_a_profile_and_sets_knobs_that_there_are() -> None:
    assert set(DIALECTS) == set(PROFILES)
    for name, dialect in DIALECTS.items():
        checked(PROFILES[name], dialect.knobs)


def test_an_unknown_profile_is_the_caller_s_mistake() -> None:
    with pytest.raises(KnobError):
        judge(EVENT, profile="windows")


@pytest.mark.parametrize("profile", PROFILES)
def test_the_script_of_the_page_passes_under_every_profile(profile: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "packetdrill.md").read_text("utf-8")
    (script,) = re.findall(r"^```pkt\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert judge(script, profile=profile).passed


def test_times_are_told_with_six_digits_or_nine() -> None:
    assert seconds(1_500_000_000) == "1.500000"
    assert seconds(1_500_000_001) == "1.500000001"
    assert seconds(-4 * MS) == "-0.004000"
