"""An explained network: what its trace has besides, in which order, and that nothing else is changed by it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

import tcpsim
from tcpsim.net import Network
from tcpsim.scenario import library
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.segment import segment
from tcpsim.trace import Arrived, Called, Changed, Checked, Explanation, TimerFired, Trace

if TYPE_CHECKING:
    from tcpsim.net.connection import Connection
    from tcpsim.net.host import Host
    from tcpsim.trace import Record


def pair(**knobs: object) -> tuple[Network, Host, Host, Connection]:
    net = Network(seed=1, explained=True)
    client, server = net.host("client", **knobs), net.host("server", **knobs)  # type: ignore[arg-type]  # knobs by name
    net.link(client, server, delay="10ms")
    server.listen(80)
    connection = client.connect(server, 80)
    net.run()
    return net, client, server, connection


def last(net: Network, host: str) -> Checked:
    assert net.trace is not None
    return net.trace.of_kind(Checked, host)[-1]


def without(trace: Trace) -> list[tuple[object, ...]]:
    """Every other record as it was, but for its serial number."""
    told = [record for record in trace if not isinstance(record, Explanation)]
    return [(type(r), *[getattr(r, name) for name in type(r).__dataclass_fields__ if name != "serial"]) for r in told]


@pytest.mark.parametrize("entry", library(), ids=lambda entry: entry[0])
def test_nothing_else_is_changed(entry: tuple[str, ...]) -> None:
    explained = tcpsim.run(entry[0], explained=True)
    plain = tcpsim.run(entry[0])
    assert explained.passed == plain.passed
    assert without(explained.trace) == without(plain.trace)
    assert not any(isinstance(record, Explanation) for record in plain.trace)


def test_every_event_of_a_connection_is_explained_right_behind_it() -> None:
    records = tcpsim.run("lossy-transfer", explained=True).trace.records
    for one, following in pairwise(records):
        if isinstance(one, Arrived):
            assert isinstance(following, Checked)
            assert (following.event, following.packet, following.host) == ("SEGMENT ARRIVES", one.packet, one.host)
        elif isinstance(one, Called) and one.call.startswith(("connect", "listen", "send", "close")):
            assert isinstance(following, Checked)
            assert following.event == "USER CALL"
    assert any(isinstance(record, TimerFired) for record in records)


def test_changes_join_from_event_to_event() -> None:
    """What a variable was before is what it was after the event that changed it last."""
    for name in ("lossy-transfer", "close-four-way", "why-not-two"):
        known: dict[tuple[str, int | None, str], object] = {}
        for changed in tcpsim.run(name, explained=True).trace.of_kind(Changed):
            for variable, before, after in changed.changes:
                key = (changed.host, changed.connection, variable)
                assert known.get(key, before) == before
                known[key] = after


def test_a_call_that_is_refused() -> None:
    net, _, _, connection = pair()
    connection.close()
    with pytest.raises(TcpError):
        connection.send(5)
    checked = last(net, "client")
    assert (checked.event, checked.state) == ("USER CALL", "FIN-WAIT-1")
    assert (checked.checks[0].passed, checked.checks[0].cite) == (False, "RFC 9293 3.10.2, FIN-WAIT-1 STATE")


def test_a_call_that_the_rfc_does_not_know_is_not_explained() -> None:
    net, _, _, connection = pair()
    assert net.trace is not None
    count = len(net.trace.of_kind(Checked))
    connection.cork()
    with pytest.raises(TcpError):
        connection._call("bogus()", lambda _: (_ for _ in ()).throw(TcpError("no")))
    assert len(net.trace.of_kind(Checked)) == count


def test_a_packet_for_nobody_is_explained() -> None:
    net, client, server, _ = pair()
    net.inject((client.address, 5), (server.address, 81), segment("SYN", seq=7), via=client)
    net.run()
    told = [record for record in net.trace or () if isinstance(record, Checked) and record.connection is None]
    assert [(r.host, r.state, r.checks[0].why and r.checks[0].why.id) for r in told] == [
        ("server", "CLOSED", "closed.reset"),
        ("client", "CLOSED", "closed.rst-ignored"),
    ]


def test_a_crash_leaves_nothing_behind() -> None:
    net, _, server, connection = pair()
    server.crash()
    connection.send(5)
    net.run()
    assert last(net, "server").state == "CLOSED"
    assert last(net, "client").state == "ESTABLISHED"


def test_numbers_count_from_the_isns_as_the_ladder_has_it() -> None:
    """An old duplicate's numbers are negative, though to the server they are those of a connection."""
    trace = tcpsim.run("why-not-two", explained=True).trace
    arrival = next(r for r in trace.of_kind(Arrived, "server") if r.seq < 0 and not r.segment.ack)
    changed = next(r for r in trace.of_kind(Changed, "server") if r.serial > arrival.serial)
    assert changed.irs == arrival.segment.seq - arrival.seq


def test_a_mutant_does_otherwise_and_the_record_says_so() -> None:
    trace = tcpsim.run("handshake", explained=True, mutant="two-way-handshake").trace
    assert all(record.agreed for record in tcpsim.run("handshake", explained=True).trace.of_kind(Checked))
    assert trace.of_kind(Checked)


def test_a_listener_that_takes_a_cookie_does_otherwise() -> None:
    trace = tcpsim.run("syn-flood-cookies", explained=True).trace
    others: list[Record] = [record for record in trace.of_kind(Checked) if not record.agreed]
    assert others


def test_without_a_trace_nothing_is_explained() -> None:
    net = Network(seed=1, explained=True, trace=False)
    client, server = net.host("client"), net.host("server")
    net.link(client, server)
    server.listen(80)
    connection = client.connect(server, 80)
    connection.send(5)
    net.run()
    net.inject((client.address, 5), (server.address, 81), segment("SYN", seq=7), via=client)
    net.run()
    assert net.trace is None
    assert server.connections[1].delivered == 5
