"""Every knob: named, documented, cited, in range; and the profiles."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from tcpsim.tcp.config import KNOBS, PROFILES, Config, Knob, KnobError, checked, profile
from tcpsim.tcp.units import HOUR, MINUTE, MS, SECOND
from tests.tcp.rfc9293 import REQUIREMENTS, SECTIONS

ALL = pytest.mark.parametrize("knob", KNOBS.values(), ids=list(KNOBS))
NUMBERS = pytest.mark.parametrize(
    "knob",
    [knob for knob in KNOBS.values() if knob.unit not in ("flag", "name")],
    ids=lambda knob: knob.name,
)
UNITS = {"ns", "octets", "segments", "count", "flag", "seq", "name"}

# ------------------------------------------------------------------ each knob


@ALL
def test_a_knob_is_documented(knob: Knob) -> None:
    assert knob.unit in UNITS
    assert len(knob.doc) >= 10
    assert knob.doc[0] != " "
    assert not knob.doc.endswith("."), "a phrase, set into sentences by whoever prints it"
    assert "\n" not in knob.doc


@ALL
def test_a_knob_cites_a_paragraph_that_exists(knob: Knob) -> None:
    assert re.match(r"RFC \d+ [0-9AB]", knob.cite)
    sections = re.findall(r"RFC 9293 ([0-9A][0-9.]*)", knob.cite)
    assert all(section.rstrip(".") in SECTIONS for section in sections)
    for requirement in re.findall(r"\b(?:MUST|SHLD|MAY)-\d+", knob.cite):
        assert any(section in REQUIREMENTS[requirement] for section in sections), requirement


@ALL
def test_a_default_is_a_value_of_its_knob(knob: Knob) -> None:
    assert knob.check(knob.default) == knob.default
    assert getattr(Config(), knob.name) == knob.default
    if knob.unit == "name":
        assert not knob.choices or knob.default in knob.choices
    assert (knob.default is None) <= knob.optional


@NUMBERS
def test_both_ends_of_a_range_are_in_it_and_what_lies_beyond_is_not(knob: Knob) -> None:
    for value in (knob.low, knob.high):
        assert getattr(profile("rfc9293", **{knob.name: value}), knob.name) == value
    for value in (knob.low - 1, knob.high + 1):
        with pytest.raises(KnobError) as raised:
            profile("rfc9293", **{knob.name: value})
        assert raised.value.knob == knob.name
        assert raised.value.expected == knob.expected
        assert str(raised.value) == f"{knob.name}: expected {knob.expected}, not {value!r}"


@ALL
@pytest.mark.parametrize("value", [1.5, "nonsense!", [], {}, object, b"1s", ()], ids=repr)
def test_a_value_of_another_type_is_refused(knob: Knob, value: object) -> None:
    if knob.unit == "name" and not knob.choices and isinstance(value, str):
        assert knob.check(value) == value
        return
    with pytest.raises(KnobError, match=f"^{knob.name}: expected "):
        knob.check(value)


@ALL
def test_a_flag_is_true_or_false_and_nothing_else_is(knob: Knob) -> None:
    for value in (True, False):
        if knob.unit == "flag":
            assert knob.check(value) is value
        else:
            with pytest.raises(KnobError):
                knob.check(value)
    if knob.unit == "flag":
        for number in (0, 1, "true", None):
            with pytest.raises(KnobError, match="expected true or false"):
                knob.check(number)


@ALL
def test_off_is_a_value_where_the_knob_says_so(knob: Knob) -> None:
    for value in (None, "off", "none"):
        if knob.optional:
            assert knob.check(value) is None
        elif not (value in knob.choices or (knob.unit == "name" and not knob.choices and value is not None)):
            with pytest.raises(KnobError):
                knob.check(value)
    assert knob.expected.endswith(", or off") is knob.optional


@ALL
def test_what_is_written_is_read_as_the_same_value(knob: Knob) -> None:
    for config in PROFILES.values():
        value = getattr(config, knob.name)
        assert knob.read(knob.written(value)) == value


def test_what_is_read_may_be_no_value() -> None:
    assert KNOBS["keepalive"].read("true") is True
    assert (KNOBS["keepalive"].written(True), KNOBS["keepalive"].written(False)) == ("true", "false")
    assert KNOBS["msl"].read("2min") == 2 * MINUTE
    assert KNOBS["rcv_buff"].read("4096") == 4096
    for name, text in (("keepalive", "yes"), ("msl", "120"), ("rcv_buff", "4k"), ("rcv_buff", "9" * 30)):
        with pytest.raises(KnobError):
            KNOBS[name].read(text)


def test_a_duration_is_written_as_people_write_it() -> None:
    assert profile("rfc9293", delayed_ack="40ms").delayed_ack == 40 * MS
    assert profile("rfc9293", user_timeout="off").user_timeout is None
    with pytest.raises(KnobError, match=r"a duration from 0s to 499\.999999ms, such as 200ms"):
        profile("rfc9293", delayed_ack="500ms")  # MUST-40: less than 0.5 seconds
    with pytest.raises(KnobError):
        profile("rfc9293", mss="536")


def test_a_name_is_one_of_its_choices() -> None:
    assert profile("rfc9293", congestion="none").congestion == "none"
    with pytest.raises(KnobError, match=r"^congestion: expected one of newreno, none, not 'cubic'$"):
        profile("rfc9293", congestion="cubic")
    assert KNOBS["isn_secret"].expected == "text"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("iss", "a whole sequence number from 0 to 4,294,967,295, or off"),
        ("mss", "a whole number of octets from 1 to 65,495, or off"),
        ("ack_every", "a whole number of segments from 1 to 64"),
        ("r1", "a whole number from 3 to 255"),
        ("nagle", "true or false"),
        ("rto_max", "a duration from 1min to 8784h, such as 200ms"),
        ("linger", "a duration from 0s to 8784h, such as 200ms, or off"),
    ],
)
def test_what_a_knob_expects_is_said_in_words(name: str, expected: str) -> None:
    assert KNOBS[name].expected == expected


# ------------------------------------------------------------------ unknown names


def test_an_unknown_knob_is_answered_with_the_nearest() -> None:
    with pytest.raises(KnobError, match=r"^unknown knob 'delayed_akc': did you mean delayed_ack\?$") as raised:
        profile("plain", delayed_akc=0)
    assert raised.value.knob == "delayed_akc"


def test_an_unknown_knob_like_no_other_is_refused_too() -> None:
    with pytest.raises(KnobError, match=r"^unknown knob 'zzz': "):
        checked(Config(), {"zzz": 1})


@pytest.mark.parametrize("name", ["plan", "windows"])
def test_an_unknown_profile_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(KnobError) as raised:
        profile(name)
    assert raised.value.knob == "profile"
    for known in PROFILES:
        assert known in str(raised.value)


# ------------------------------------------------------------------ the profiles


def test_the_profile_rfc9293_has_the_rfcs_numbers() -> None:
    config = PROFILES["rfc9293"]
    assert config == Config() == profile("rfc9293")
    expected: dict[str, Any] = {
        "msl": 2 * MINUTE,  # 3.4.2
        "mss": 536,  # 3.7.1: no option unless asked
        "mss_option": "differs",
        "window_scale": None,
        "nagle": True,  # SHLD-7
        "rto_initial": SECOND,  # RFC 6298 (2.1)
        "rto_min": SECOND,
        "rto_max": MINUTE,
        "r1": 3,  # SHLD-10
        "r2": 100 * SECOND,  # SHLD-11
        "r2_syn": 3 * MINUTE,  # MUST-23
        "user_timeout": 5 * MINUTE,  # 3.9.1.1
        "keepalive": False,  # MUST-25
        "keepalive_idle": 2 * HOUR,  # MUST-28
        "linger": None,
        "half_duplex_close": False,
        "iss": None,
        "challenge_ack": True,
        "time_wait_ignores_rst": False,
    }
    assert {name: getattr(config, name) for name in expected} == expected
    assert config.delayed_ack < 500 * MS  # MUST-40


def test_the_profile_plain_is_for_teaching() -> None:
    config = profile("plain")
    assert (config.iss, config.mss, config.mss_option) == (1000, 500, "never")
    assert (config.rcv_buff, config.delayed_ack, config.nagle) == (10_000, 0, False)
    assert config.window_scale is None


def test_the_profiles_of_kernels_say_what_those_put_on_the_wire() -> None:
    """By their documentation: tcp(4), syncache(4) and sysctl -d; ip-sysctl.rst and tcp(7)."""
    freebsd, linux = profile("freebsd"), profile("linux")
    for config in (freebsd, linux):
        assert (config.mss, config.mss_option) == (None, "always")
        assert (config.sack, config.timestamps, config.ecn) == (True, True, "passive")
        assert (config.initial_window, config.msl, config.delayed_ack) == (10, 30 * SECOND, 40 * MS)
        assert (config.reset_with_ack, config.reuse_time_wait, config.user_timeout) == (True, True, None)
    assert (freebsd.option_order, freebsd.option_padding) == ("mss,wscale,sackOK,TS", "eol")
    assert (linux.option_order, linux.option_padding) == ("mss,sackOK,TS,wscale", "nop")
    assert (freebsd.rto_min, freebsd.rto_slop, freebsd.connect_timeout) == (30 * MS, 200 * MS, 75 * SECOND)
    assert (linux.rto_min, linux.rto_granularity, linux.syn_retries) == (200 * MS, 200 * MS, 6)
    assert (freebsd.drop_syn_fin, linux.drop_syn_fin) == ("never", "listen")
    assert (freebsd.time_wait_answers, linux.time_wait_answers) == ("unexpected", "checked")
    assert (freebsd.abc_limit, linux.abc_limit) == (2, None)


def test_every_profile_is_in_range() -> None:
    for config in PROFILES.values():
        values = dataclasses.asdict(config)
        assert checked(Config(), values) == config


def test_knobs_change_a_profile_and_leave_it_alone() -> None:
    changed = profile("plain", mss=100, msl="1s")
    assert (changed.mss, changed.msl) == (100, SECOND)
    assert PROFILES["plain"].mss == 500
    assert checked(changed, {}) is changed


def test_a_config_is_immutable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().mss = 1  # type: ignore[misc]  # that is the point
