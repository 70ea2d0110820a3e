"""TCP options (RFC 9293 3.2): values, sizes, and how they are laid out."""

from __future__ import annotations

import itertools

import pytest

from tcpsim.tcp.options import (
    DEFAULT_SEND_MSS,
    KINDS,
    MAX_OCTETS,
    MAX_WINDOW_SCALE,
    ORDERS,
    PADDINGS,
    TIMESTAMPS_ALONE,
    Options,
    arranged,
)

FREEBSD = ("mss,wscale,sackOK,TS", "eol")
LINUX = ("mss,sackOK,TS,wscale", "nop")


@pytest.mark.parametrize(
    ("options", "octets", "printed"),
    [
        (Options(), 0, "no options"),
        (Options(mss=1460), 4, "MSS=1460"),
        (Options(wscale=0), 4, "WS=0"),
        (Options(mss=536, wscale=14), 8, "MSS=536,WS=14"),
        (Options(sack_ok=True), 4, "SACK-OK"),
        (Options(ts=(7, 0)), 12, "TS=7/0"),
        (Options(1460, 7, True, (7, 3)), 20, "MSS=1460,WS=7,SACK-OK,TS=7/3"),
        (Options(sack=((1, 5), (9, 12))), 20, "SACK=1..5+9..12"),
        (Options(ts=(7, 3), sack=((1, 5), (9, 12), (20, 30))), 40, "TS=7/3,SACK=1..5+9..12+20..30"),
        (Options(fastopen=b""), 4, "FO=?"),
        (Options(fastopen=b"\x01\x02\x03\x04"), 8, "FO=01020304"),
        (Options(fastopen=b"\x01\x02", kinds=("FOEXP", "nop", "nop")), 8, "FO=0102"),
        (Options(mss=1460, others=((19, b"0123456789abcdef"), (99, b""))), 24, "MSS=1460,kind 19,kind 99"),
        (Options(mss=1460, kinds=("mss", "eol")), 8, "MSS=1460"),
    ],
)
def test_options_know_their_size_and_print(options: Options, octets: int, printed: str) -> None:
    assert options.octets == octets
    assert options.octets % 4 == 0, "the header ends on a 32 bit boundary"
    assert str(options) == printed


def test_blocks_are_told_from_where_one_counts() -> None:
    options = Options(sack=(((1 << 32) - 2, 3),))
    assert options.words((1 << 32) - 3) == ["SACK=1..6"]
    assert options.words() == ["SACK=4294967294..3"]


def test_options_are_values() -> None:
    assert Options(1460, 2) == Options(mss=1460, wscale=2)
    assert hash(Options(1460, 2)) == hash(Options(1460, 2))
    assert len({Options(), Options(1), Options(None, 1), Options(1, 1), Options(sack_ok=True), Options(ts=(1, 2))}) == 6
    assert Options(1460) != (1460, None)
    assert repr(Options(1460)) == "Options(mss=1460)"
    assert repr(Options(sack_ok=True, ts=(0, 0), kinds=())) == "Options(sack_ok=True, ts=(0, 0))"


def test_the_layout_is_part_of_the_value() -> None:
    plain = Options(1460, 2)
    assert plain.layout == ("mss", "nop", "wscale")
    assert Options(1460, 2, kinds=("mss", "nop", "wscale")) == plain
    assert Options(1460, 2, kinds=("nop", "wscale", "mss")) != plain
    assert Options(others=((99, b""),)).layout == ("other",)
    assert set(plain.layout) <= set(KINDS)


def test_the_constants() -> None:
    assert DEFAULT_SEND_MSS == 536  # RFC 9293 3.7.1, MUST-15
    assert MAX_WINDOW_SCALE == 14  # RFC 7323 2.3
    assert MAX_OCTETS == 4 * 15 - 20  # RFC 9293 3.1, Data Offset


# ------------------------------------------------------------------ layouts

ALL = "mss sackOK TS wscale"


@pytest.mark.parametrize(
    ("carried", "freebsd", "linux"),
    [
        (ALL, "mss nop wscale sackOK TS", "mss sackOK TS nop wscale"),
        ("mss sackOK wscale", "mss nop wscale sackOK eol eol", "mss nop nop sackOK nop wscale"),
        ("mss TS wscale", "mss nop wscale nop nop TS", "mss nop nop TS nop wscale"),
        ("mss sackOK TS", "mss sackOK TS", "mss sackOK TS"),
        ("mss sackOK", "mss sackOK eol eol", "mss nop nop sackOK"),
        ("mss", "mss", "mss"),
        ("wscale", "nop wscale", "nop wscale"),
        ("sackOK", "sackOK eol eol", "nop nop sackOK"),
        ("TS", "nop nop TS", "nop nop TS"),
        ("sack", "nop nop sack", "nop nop sack"),
        ("TS sack", "nop nop TS nop nop sack", "nop nop TS nop nop sack"),
        (f"{ALL} FO", "mss nop wscale sackOK TS FO eol eol", "mss sackOK TS nop wscale FO nop nop"),
        ("", "", ""),
    ],
)
def test_two_laws_of_laying_out(carried: str, freebsd: str, linux: str) -> None:
    names = frozenset(carried.split())
    assert arranged(names, *FREEBSD) == tuple(freebsd.split())
    assert arranged(names, *LINUX) == tuple(linux.split())


def test_every_layout_is_whole_words_that_fit_with_what_was_asked_for_in_it() -> None:
    names = ALL.split()
    for count in range(5):
        for carried in itertools.combinations(names, count):
            for order, padding in itertools.product(ORDERS, PADDINGS):
                layout = arranged(frozenset(carried), order, padding)
                options = Options(
                    1460 if "mss" in carried else None, 7 if "wscale" in carried else None, "sackOK" in carried,
                    (1, 2) if "TS" in carried else None, kinds=layout,
                )  # fmt: skip
                assert [name for name in layout if name not in ("nop", "eol")] == [
                    name for name in order.split(",") if name in carried
                ]
                assert options.octets == sum(
                    {"mss": 4, "wscale": 3, "sackOK": 2, "TS": 10}.get(name, 1) for name in layout
                ), "filled up to four octets"
                assert options.octets <= MAX_OCTETS


def test_what_most_segments_carry_is_laid_out_alike_by_all() -> None:
    for order, padding in itertools.product(ORDERS, PADDINGS):
        assert arranged(frozenset({"TS"}), order, padding) == TIMESTAMPS_ALONE


@pytest.mark.parametrize("cookie", [0, 4, 5, 8, 16])
def test_a_cookie_is_filled_up_behind(cookie: int) -> None:
    for order, padding in itertools.product(ORDERS, PADDINGS):
        layout = arranged(frozenset({"mss", "FO"}), order, padding, cookie)
        assert layout[:2] == ("mss", "FO")
        assert set(layout[2:]) <= {padding}
        assert Options(1460, fastopen=b"x" * cookie, kinds=layout).octets == 4 + 2 + cookie + len(layout[2:])
