"""Hosts that deviate: endpoints, knobs that nobody can change, answers to what belongs to no connection."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpsim.net import Network
from tcpsim.tcp.diagram import ESTABLISHED
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.mutants import MUTANTS, NoSuchMutant
from tcpsim.tcp.rules import Rule
from tcpsim.tcp.segment import segment
from tcpsim.trace import Discarded, Sent, Trace


def pair(mutant: str, *, both: bool = False) -> Network:
    """A client, and a server that is a mutant."""
    net = Network(seed=1)
    net.host("client", profile="plain", mutant=mutant if both else None)
    net.host("server", profile="plain", mutant=mutant)
    net.link("client", "server", delay="50ms")
    return net


def sent(net: Network) -> list[str]:
    assert net.trace is not None
    return [f"{record.host} {record.segment!r}" for record in net.trace.records if isinstance(record, Sent)]


def test_a_host_has_endpoints_of_its_kind() -> None:
    net = pair("no-time-wait")
    client, server = net.hosts["client"], net.hosts["server"]
    server.listen(80)
    connection = client.connect(server, 80)
    net.run("1s")
    assert type(connection.endpoint) is Endpoint
    assert type(server.connections[1].endpoint) is MUTANTS["no-time-wait"].endpoint
    assert server.connections[1].state is ESTABLISHED
    server.crash()
    assert type(server.connections[1].endpoint) is MUTANTS["no-time-wait"].endpoint
    assert str(server.connections[1].state) == "CLOSED"


def test_a_mutant_insists_on_its_knobs() -> None:
    net = pair("no-nagle")
    server = net.hosts["server"]
    assert server.config.nagle is False
    listener = server.listen(80, nagle=True, mss=400)
    assert listener.spare is not None
    assert (listener.spare.endpoint.cfg.nagle, listener.spare.endpoint.cfg.mss) == (False, 400)
    listener.configure(nagle=True)
    assert listener.spare.endpoint.cfg.nagle is False
    connection = server.connect("client", 80, nagle=True)
    connection.configure(nagle=True, mss=300)
    assert (connection.endpoint.cfg.nagle, connection.endpoint.cfg.mss) == (False, 300)


def test_an_unknown_mutant() -> None:
    net = Network()
    with pytest.raises(NoSuchMutant, match="did you mean 'blind-rst'"):
        net.host("a", mutant="blind-rts")
    with pytest.raises(NoSuchMutant):
        net.host("b", mutant="")


def test_resets_that_answer_one_another_never_end() -> None:
    net = pair("rst-answered-by-rst", both=True)
    net.inject(("client", 1000), ("server", 2000), segment("RST", seq=5), via="client")
    assert net.run(max_events=100) == "event limit"
    assert sent(net)[:4] == [
        "client <SEQ=5><CTL=RST>",
        "server <SEQ=0><ACK=5><CTL=RST,ACK>",
        "client <SEQ=5><CTL=RST>",
        "server <SEQ=0><ACK=5><CTL=RST,ACK>",
    ]


def test_one_host_that_keeps_the_rules_ends_it() -> None:
    net = pair("rst-answered-by-rst")
    net.inject(("client", 1000), ("server", 2000), segment("RST", seq=5), via="client")
    assert net.run() == "idle"
    assert len(sent(net)) == 2


def test_a_closed_port_that_is_silent() -> None:
    net = pair("closed-port-silent")
    net.hosts["client"].connect("server", 80)
    net.run("900ms")
    assert sent(net) == ["client <SEQ=1000><CTL=SYN>"]
    assert net.trace is not None
    (dropped,) = [record for record in net.trace.records if isinstance(record, Discarded)]
    assert dropped.why is MUTANTS["closed-port-silent"].rule


def test_a_host_that_does_not_keep_quiet() -> None:
    net = pair("no-quiet-time")
    server = net.hosts["server"]
    server.restart(quiet=True)
    server.connect("client", 80)
    net.run("1s")
    assert sent(net)[0] == "server <SEQ=1000><CTL=SYN>"
    net = pair("no-nagle")
    net.hosts["server"].restart(quiet=True)
    net.hosts["server"].connect("client", 80)
    net.run("1s")
    assert sent(net) == []


def test_a_trace_of_a_mutant_is_read_back_with_its_reasons(tmp_path: Path) -> None:
    net = pair("wrong-reset-numbers")
    net.hosts["client"].connect("server", 80)
    net.run("900ms")
    assert net.trace is not None
    text = net.trace.to_jsonl()

    def whys(text: str) -> list[Rule | None]:
        (tmp_path / "kept.jsonl").write_text(text)
        again = Trace.read(tmp_path / "kept.jsonl")
        return [record.why for record in again.records if isinstance(record, Sent) and record.host == "server"]

    assert whys(text) == [MUTANTS["wrong-reset-numbers"].rule]
    (unknown,) = whys(text.replace("mutant.wrong-reset-numbers", "mutant.of-another-version"))
    assert unknown is not None
    assert unknown.id == "mutant.of-another-version"


def test_a_listener_that_listens_once_has_no_second_connection() -> None:
    net = pair("listens-once")
    client, server = net.hosts["client"], net.hosts["server"]
    server.listen(80)
    first, second = client.connect(server, 80), client.connect(server, 80)
    net.run("1s")
    assert (first.state, str(second.state), second.signals) == (ESTABLISHED, "CLOSED", ["connection refused"])
    assert len(server.connections) == 1
    refusals = [r.why for r in net.trace.records if isinstance(r, Sent) and r.host == "server" and r.connection is None]  # type: ignore[union-attr]  # it is traced
    assert [why.id for why in refusals if why is not None] == ["mutant.listens-once"]
