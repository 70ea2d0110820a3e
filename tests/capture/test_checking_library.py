"""Every run of the library is explained, seen from every host and under every profile, and so are its captures.

But for what somebody else has put on the network in a host's name: that is found.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpsim.capture.checking import check, check_trace
from tcpsim.capture.packing import NotWritable
from tcpsim.capture.reading import NoStream
from tcpsim.capture.verdict import NOT_EXPLAINED, Verdict
from tcpsim.capture.writing import write_capture
from tcpsim.scenario import run
from tcpsim.trace import Arrived, Datagram, Trace
from tests.scenario.written import NAMES, loaded, ran

PROFILES = ("rfc9293", "plain", "freebsd", "linux")

FORGED = {"blind-data", "blind-rst", "challenge-limit"}
"""Here somebody sends in another's name, with numbers that the other would not have: `test_what_is_forged_is_found`.
What is forged in other scenarios (blind-syn, time-wait-assassination) has numbers that are possible."""


def told(verdicts: list[Verdict]) -> list[str]:
    return [
        f"stream {verdict.stream}, frame {each.frame}: {each.reason.id} {each.segment!r} {each.detail}"
        for verdict in verdicts
        for each in verdict.of_kind(NOT_EXPLAINED)
    ]


@pytest.mark.parametrize("profile", [None, *PROFILES])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in FORGED])
def test_a_run_of_the_library_is_explained(name: str, profile: str | None) -> None:
    trace = ran(name).trace if profile is None else run(loaded(name), profile=profile).trace
    for host in trace.hosts:
        assert told(check_trace(trace, host)) == []


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in FORGED])
def test_a_capture_of_the_library_is_explained(name: str, form: str, tmp_path: Path) -> None:
    trace = ran(name).trace
    for host in trace.hosts:
        path = tmp_path / f"{host}.{form}"
        try:
            write_capture(trace, path, host)
            report = check(path)
        except NotWritable:
            continue
        except NoStream:
            assert all(isinstance(record.segment, Datagram) for record in trace.of_kind(Arrived, host))
            continue
        assert told(report.verdicts) == []
        assert report.explained


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FORGED])
def test_a_capture_from_everywhere_at_once_is_explained(name: str, tmp_path: Path) -> None:
    path = tmp_path / "everywhere.pcapng"
    try:
        write_capture(ran(name).trace, path)
        report = check(path)
    except (NotWritable, NoStream):
        return
    assert told(report.verdicts) == []


@pytest.mark.parametrize("name", sorted(FORGED))
def test_what_is_forged_is_found(name: str) -> None:
    trace = ran(name).trace
    (verdict,) = check_trace(trace, "server")
    first = verdict.first
    assert first is not None
    forged = {r.packet for r in trace.of_kind(Arrived, "server") if r.connection is None or r.why is None}
    assert first.frame in forged or first.reason.id == "rst.text-after"


def only(trace: Trace) -> Verdict:
    (verdict,) = check_trace(trace, trace.hosts[0])
    return verdict


@pytest.mark.parametrize(
    ("name", "opened", "closed", "first_closer", "time_wait", "reset_by"),
    [
        ("handshake", "three-way handshake", "open when the capture ends", "", "", ""),
        ("close-four-way", "three-way handshake", "four segments, client first", "client", "client", ""),
        ("close-three-segments", "three-way handshake", "three segments, client first", "client", "client", ""),
        ("simultaneous-close", "three-way handshake", "simultaneous close", "both", "both", ""),
        ("simultaneous-open", "simultaneous open", "open when the capture ends", "", "", ""),
        ("refused", "refused by server", "never open: reset by server", "", "", "server"),
        ("linger-zero", "three-way handshake", "reset by client", "", "", "client"),
        ("syn-retries-exhausted", "the SYN is not answered", "not open when the capture ends", "", "", ""),
    ],
)
def test_a_verdict_says_how_a_connection_opened_and_closed(
    name: str, opened: str, closed: str, first_closer: str, time_wait: str, reset_by: str
) -> None:
    verdict = only(ran(name).trace)
    assert (verdict.opened, verdict.closed) == (opened, closed)
    assert (verdict.first_closer, verdict.time_wait, verdict.reset_by) == (first_closer, time_wait, reset_by)


def test_the_states_that_are_possible_at_the_end() -> None:
    for name in NAMES:
        trace = ran(name).trace
        for verdict in check_trace(trace, trace.hosts[0]):
            assert all(end.states for end in verdict.ends)
    four = only(ran("close-four-way").trace)
    assert [end.states for end in four.ends] == [("TIME-WAIT",), ("LAST-ACK", "CLOSED")]
    both = only(ran("simultaneous-close").trace)
    assert [end.states for end in both.ends] == [("CLOSING", "TIME-WAIT")] * 2


def test_retransmissions_options_and_the_round_trip_are_told() -> None:
    lossy = only(ran("lossy").trace)
    assert lossy.ends[0].retransmitted == 3
    assert lossy.round_trip is None, "Karn: the SYN or what followed was sent twice"
    agreed = only(run(loaded("handshake"), profile="linux").trace)
    assert agreed.options == ("MSS 1460 and 1460", "window scale 8 and 8", "SACK", "timestamps")
    assert only(ran("handshake").trace).round_trip == 100_000_000


def test_a_connection_to_itself_is_not_judged_and_those_beyond_what_is_followed_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "self.pcap"
    write_capture(ran("self-connect").trace, path)
    assert "capture.itself" in {each.reason.id for verdict in check(path).verdicts for each in verdict.judgements}
    several = tmp_path / "several.pcap"
    write_capture(ran("port-exhaustion").trace, several)
    followed = check(several).verdicts
    monkeypatch.setattr("tcpsim.capture.checking.MOST_FOLLOWED", 1)
    monkeypatch.setattr("tcpsim.capture.checking.MOST_TOLD_AT_LENGTH", 1)
    crowded = check(several)
    assert len(crowded.verdicts) == len(followed)
    assert crowded.explained
