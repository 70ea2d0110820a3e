"""TCP options (RFC 9293 3.2)."""

from __future__ import annotations

import pytest

from tcpsim.tcp.options import DEFAULT_SEND_MSS, MAX_WINDOW_SCALE, Options


@pytest.mark.parametrize(
    ("options", "octets", "printed"),
    [
        (Options(), 0, "no options"),
        (Options(mss=1460), 4, "MSS=1460"),
        (Options(wscale=0), 4, "WS=0"),
        (Options(mss=536, wscale=14), 8, "MSS=536,WS=14"),
    ],
)
def test_options_know_their_size_and_print(options: Options, octets: int, printed: str) -> None:
    assert options.octets == octets
    assert options.octets % 4 == 0, "the header ends on a 32 bit boundary"
    assert str(options) == printed


def test_options_are_values() -> None:
    assert Options(1460, 2) == Options(mss=1460, wscale=2)
    assert hash(Options(1460, 2)) == hash(Options(1460, 2))
    assert len({Options(), Options(1), Options(None, 1), Options(1, 1)}) == 4
    assert Options(1460) != (1460, None)
    assert repr(Options(1460)) == "Options(mss=1460, wscale=None)"


def test_the_constants() -> None:
    assert DEFAULT_SEND_MSS == 536  # RFC 9293 3.7.1, MUST-15
    assert MAX_WINDOW_SCALE == 14  # RFC 7323 2.3
