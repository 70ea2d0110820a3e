"""TCP options and the ECN field in the trace's file: each as the page says, and none lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp.options import KINDS, Options
from tcpsim.tcp.segment import ACK, CE, Segment, segment
from tcpsim.trace import Arrived, Trace, TraceError
from tcpsim.trace.jsonl import dump, load
from tests.trace.story import TO_SERVER


def written(made: Segment) -> dict[str, Any]:
    """The line of a segment, as JSON; it comes back as it was."""
    record = Arrived(0, 0, "server", 1, None, 1, TO_SERVER, made, 0, 0 if made.ctl & ACK else None)
    text = dump(Trace.of(Trace().header, [record]))
    (back,) = load(text.encode(), "again.jsonl").records
    assert back == record
    assert isinstance(back, Arrived)
    assert back.segment.options == made.options
    assert dump(Trace.of(Trace().header, [back])) == text
    line: dict[str, Any] = json.loads(text.splitlines()[1])
    return line


@pytest.mark.parametrize(
    ("options", "entry"),
    [
        (Options(), {}),
        (Options(1460), {"mss": 1460}),
        (Options(0, 0), {"mss": 0, "wscale": 0}),
        (
            Options(1460, 7, True, (0, (1 << 32) - 1)),
            {"mss": 1460, "wscale": 7, "sack_ok": True, "ts": [0, 4_294_967_295]},
        ),
        (Options(sack=((1, 5), (9, 2))), {"sack": [[1, 5], [9, 2]]}),
        (Options(fastopen=b""), {"fastopen": ""}),
        (Options(fastopen=b"\x00\xff"), {"fastopen": "\x00\xff"}),
        (Options(others=((19, b"ab"), (99, b""))), {"others": [[19, "ab"], [99, ""]]}),
        (Options(1460, kinds=("mss",)), {"mss": 1460}),
        (Options(1460, kinds=("nop", "mss", "eol")), {"mss": 1460, "kinds": ["nop", "mss", "eol"]}),
        (Options(kinds=("nop",)), {"kinds": ["nop"]}),
    ],
)
def test_options(options: Options, entry: dict[str, object]) -> None:
    assert written(segment("SYN", options=options))["options"] == entry


def test_the_ecn_field() -> None:
    assert written(segment("ACK", ecn=CE))["ecn"] == 3
    assert "ecn" not in written(segment("ACK"))
    assert "options" not in written(segment("ACK"))
    assert written(segment("SYN,ECE,CWR,AE"))["ctl"] == "SYN,ECE,CWR,AE"


@given(
    st.builds(
        Options,
        st.none() | st.integers(0, 0xFFFF),
        st.none() | st.integers(0, 255),
        st.booleans(),
        st.none() | st.tuples(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1)),
        st.lists(st.tuples(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1)), max_size=4).map(tuple),
        st.none() | st.binary(max_size=16),
        st.none() | st.lists(st.sampled_from(list(KINDS)), max_size=8).map(tuple),
        st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=4)), max_size=2).map(tuple),
    )
)
def test_nothing_is_lost(options: Options) -> None:
    written(segment("SYN", options=options))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("options", {"mss": "1"}, "a whole number from 0 to 65535"),
        ("options", {"wscale": 256}, "a whole number from 0 to 255"),
        ("options", {"sack_ok": False}, "true"),
        ("options", {"sack_ok": 1}, "true"),
        ("options", {"ts": [1]}, "a list of two"),
        ("options", {"ts": [1, -1]}, "a whole number from 0 to 4294967295"),
        ("options", {"sack": [[1, 2, 3]]}, "a list of two"),
        ("options", {"sack": 1}, "a list"),
        ("options", {"fastopen": "\u0100"}, "a text of characters up to U+00FF"),
        ("options", {"others": [[1]]}, "a list of two"),
        ("options", {"kinds": ["nap"]}, "a kind of option (eol, nop, mss"),
        ("options", {"kinds": [["nop"]]}, "a kind of option (eol, nop, mss"),
        ("options", {"cookie": ""}, 'options such as {"mss": 536}'),
        ("ecn", 4, "a whole number from 0 to 3"),
    ],
)
def test_what_is_wrong_is_refused(key: str, value: object, message: str) -> None:
    line = written(segment("SYN")) | {key: value}
    head = dump(Trace())
    with pytest.raises(TraceError) as raised:
        load((head + json.dumps(line)).encode(), "bad.jsonl")
    assert str(raised.value).startswith(f"bad.jsonl:2: expected {message}")


def test_the_first_version_is_read() -> None:
    head = dump(Trace()).replace('"version":3', '"version":1')
    line = written(segment("SYN", options=Options(536)))
    (back,) = load((head + json.dumps(line)).encode(), "old.jsonl").records
    assert isinstance(back, Arrived)
    assert back.segment.options == Options(536)
