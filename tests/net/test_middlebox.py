"""NATs, firewalls and small MTUs: what passes, what is rewritten, what is forgotten, and who is told."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import segment
from tcpsim.net import Firewall, Host, Mtu, Nat, Network
from tcpsim.net import middlebox as box
from tcpsim.net.packet import Packet
from tcpsim.tcp import rules as why
from tcpsim.tcp.segment import ctl_name
from tcpsim.tcp.units import HOUR, MINUTE, MS, SECOND
from tcpsim.trace import Arrived, Discarded, Lost, Mapped, Note, Sent, Trace, flights
from tcpsim.trace.jsonl import load

PUBLIC = "203.0.113.1"


class Behind:
    """Two clients behind one middlebox, and a server outside that listens at port 80; 50 ms between."""

    def __init__(self, made: box.Middlebox, **knobs: Any) -> None:
        self.net = Network(seed=1)
        self.box = made
        template: dict[str, Any] = {"profile": "plain"} | knobs
        self.ann: Host = self.net.host("ann", "10.0.0.1", **(template | {"iss": 100}))
        self.bob: Host = self.net.host("bob", "10.0.0.2", **(template | {"iss": 500}))
        self.server: Host = self.net.host("server", "198.51.100.1", **(template | {"iss": 300}))
        for inside in (self.ann, self.bob):
            made.attach(self.net.link(inside, self.server, delay="50ms"), inside)
        self.listener = self.server.listen(80)

    @property
    def trace(self) -> Trace:
        assert self.net.trace is not None
        return self.net.trace

    def sent(self) -> list[str]:
        return [words(record) for record in self.trace.of_kind(Sent)]

    def lost(self) -> list[str]:
        return [f"{words(record)}: {record.by}" for record in self.trace.of_kind(Lost)]

    def notes(self) -> list[str]:
        return [record.text for record in self.trace.of_kind(Note)]


def words(record: Sent | Lost | Arrived) -> str:
    ack = "" if record.ack is None else f" {record.ack}"
    return f"{record.host} {ctl_name(record.segment.ctl)} {record.seq}{ack}"


# ---------------------------------------------------------------------- a NAT


def test_the_server_sees_the_public_address_and_the_client_its_own() -> None:
    talk = Behind(Nat(PUBLIC))
    mine = talk.ann.connect(talk.server, 80)
    talk.net.run(until="1s")
    (theirs,) = talk.listener.accepted
    assert (mine.local, mine.remote) == (("10.0.0.1", 49_152), ("198.51.100.1", 80))
    assert theirs.remote == (PUBLIC, 49_152)
    flows = [(record.host, record.flow[0], record.flow[2]) for record in talk.trace.of_kind(Arrived)]
    assert flows == [
        ("server", PUBLIC, "198.51.100.1"), ("ann", "198.51.100.1", "10.0.0.1"), ("server", PUBLIC, "198.51.100.1"),
    ]  # fmt: skip


def test_relative_numbers_and_flights_are_the_same_on_both_sides() -> None:
    talk = Behind(Nat(PUBLIC))
    mine = talk.ann.connect(talk.server, 80)
    talk.net.at("1s", mine.send, b"hello")
    talk.net.run(until="2s")
    assert talk.sent() == ["ann SYN 0", "server SYN,ACK 0 1", "ann ACK 1 1", "ann PSH,ACK 1 1", "server ACK 1 6"]
    arrived = [words(record).split(" ", 1)[1] for record in talk.trace.of_kind(Arrived)]
    assert arrived == [line.split(" ", 1)[1] for line in talk.sent()]
    assert {(flight.fate, flight.retransmission) for flight in flights(talk.trace)} == {("arrived", 0)}


def test_two_clients_with_the_same_port_get_different_public_ones() -> None:
    talk = Behind(Nat(PUBLIC))
    one = talk.ann.connect(talk.server, 80, local_port=50_000)
    two = talk.bob.connect(talk.server, 80, local_port=50_000)
    talk.net.run(until="1s")
    assert [each.remote for each in talk.listener.accepted] == [(PUBLIC, 50_000), (PUBLIC, 50_001)]
    for each, text in zip(talk.listener.accepted, (b"to ann", b"to bob"), strict=True):
        each.send(text)
    talk.net.run(until="2s")
    assert (one.received, two.received) == (b"to ann", b"to bob")
    assert [(r.host, r.protocol, r.inside, r.outside) for r in talk.trace.of_kind(Mapped)] == [
        ("ann", "TCP", ("10.0.0.1", 50_000), (PUBLIC, 50_000)),
        ("bob", "TCP", ("10.0.0.2", 50_000), (PUBLIC, 50_001)),
    ]


def test_the_search_for_a_port_goes_on_from_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "FIRST_PUBLIC_PORT", 65_534)
    talk = Behind(Nat(PUBLIC))
    for port in (80, 81, 82):
        talk.server.listeners.get(port) or talk.server.listen(port)
    for host, local in ((talk.ann, 65_535), (talk.bob, 65_535), (talk.bob, 65_534)):
        host.connect(talk.server, 80, local_port=local)
    talk.net.run(until="500ms")
    assert [record.outside[1] for record in talk.trace.of_kind(Mapped)] == [65_535, 65_534]
    assert talk.lost() == ["bob SYN 0: NAT: no mapping"]  # RFC 5382 REQ-7: no port is given twice


def test_a_mapping_is_the_same_for_every_server() -> None:
    """RFC 5382 REQ-1: endpoint-independent mapping."""
    talk = Behind(Nat(PUBLIC))
    other = talk.net.host("other", profile="plain")
    other.listen(80)
    talk.box.attach(talk.net.link(talk.ann, other), talk.ann)
    for server in (talk.server, other):
        talk.ann.connect(server, 80, local_port=50_000)
    talk.net.run(until="1s")
    assert [c.remote for host in (talk.server, other) for c in host.listeners[80].accepted] == [(PUBLIC, 50_000)] * 2
    assert len(talk.trace.of_kind(Mapped)) == 1
    talk.net.run(until="10h")
    assert not talk.box.sessions
    assert [note for note in talk.notes() if "forgets" in note] == [
        f"NAT forgets {PUBLIC}:50000: idle for 124min", f"NAT forgets {PUBLIC}:50000: idle for 124min",
    ]  # fmt: skip


@pytest.mark.parametrize(("unknown", "answers"), [("drop", []), ("reset", ["server RST 1"])])
def test_what_an_idle_mapping_leaves_behind(unknown: str, answers: list[str]) -> None:
    talk = Behind(Nat(PUBLIC, idle="5min", unknown=unknown))
    mine = talk.ann.connect(talk.server, 80)
    talk.net.at("10min", mine.send, b"hello")
    talk.net.run(until=10 * MINUTE + 500 * MS)
    assert [(record.time, record.text) for record in talk.trace.of_kind(Note)][1:] == [
        (5 * MINUTE + 100 * MS, f"NAT forgets {PUBLIC}:49152: idle for 5min")
    ]
    assert talk.lost() == ["ann PSH,ACK 1 1: NAT: no mapping"]
    assert talk.sent()[4:] == answers
    assert mine.signals[1:] == ["connection reset" for _ in answers]
    made = [(record.why, record.connection) for record in talk.trace.of_kind(Sent)[4:]]
    assert made == [(box.NAT_RESET, None) for _ in answers]


def test_what_comes_from_outside_without_a_mapping() -> None:
    talk = Behind(Nat(PUBLIC, idle="5min", unknown="reset"))
    talk.ann.connect(talk.server, 80)
    talk.net.run(until="1s")
    (theirs,) = talk.listener.accepted
    talk.server.connect(PUBLIC, 22)  # nobody has the port: RFC 5382 REQ-4
    talk.server.connect("10.0.0.1", 22)  # the address inside means nothing outside
    talk.net.run(until="1500ms")
    talk.net.at("10min", theirs.send, b"hello")
    talk.net.run(until=10 * MINUTE + 500 * MS)
    assert {line for line in talk.lost() if "SYN" in line} == {"server SYN 0: NAT: no mapping"}
    assert talk.lost()[-1] == "server PSH,ACK 1 1: NAT: no mapping"
    assert talk.sent()[-1] == "ann RST 1"
    assert theirs.signals[-1] == "connection reset"


def test_a_session_is_used_for_as_long_as_something_passes() -> None:
    talk = Behind(Nat(PUBLIC, idle="5min"))
    mine = talk.ann.connect(talk.server, 80)
    for minute in range(4, 17, 4):
        talk.net.at(minute * MINUTE, mine.send, b"x")
    talk.net.run(until="20min")
    assert talk.lost() == []
    assert talk.listener.accepted[0].delivered == 4
    assert len(talk.notes()) == 1


def test_half_open_and_closed_sessions_are_forgotten_earlier() -> None:
    """RFC 5382 REQ-5: the transitory timeout."""
    talk = Behind(Nat(PUBLIC), msl="1s")
    mine = talk.ann.connect(talk.server, 80)
    talk.bob.connect(talk.server, 81)  # refused
    talk.net.at("10s", mine.close)
    talk.net.run(until="11s")
    talk.listener.accepted[0].close()
    talk.net.run(until="12s")
    assert len(talk.box.sessions) == 2
    assert {session.established for session in talk.box.sessions.values()} == {False}
    ended = max(session.last for session in talk.box.sessions.values())
    talk.net.run(until=ended + 4 * MINUTE - 1)
    assert len(talk.box.sessions) == 1
    talk.net.run(until=ended + 4 * MINUTE)
    assert not talk.box.sessions
    assert not [note for note in talk.notes() if "forgets" in note]  # both ends know that it is over


def test_a_new_incarnation_is_a_session_that_begins_again() -> None:
    talk = Behind(Nat(PUBLIC), msl="1s")
    for _ in range(2):
        mine = talk.ann.connect(talk.server, 80, local_port=50_000)
        talk.net.run(until=talk.net.now + SECOND)
        mine.abort()
        talk.net.run(until=talk.net.now + SECOND)
    talk.ann.connect(talk.server, 80, local_port=50_000)
    talk.net.run(until=talk.net.now + SECOND)
    (session,) = talk.box.sessions.values()
    assert session.established
    assert session.deadline == session.last + box.IDLE == session.last + 2 * HOUR + 4 * MINUTE


def test_a_public_port_that_passes_to_another_client_leads_there() -> None:
    talk = Behind(Nat(PUBLIC, idle="1min"))
    talk.ann.connect(talk.server, 80, local_port=50_000)
    talk.net.run(until="2min")
    mine = talk.bob.connect(talk.server, 80, local_port=50_000)
    talk.net.run(until=2 * MINUTE + 5 * SECOND)
    # The server still has the first connection, and asks its peer what the SYN means; who has the port now resets it.
    # Its ACK is of no flow whose SYN is known: its own number is that of the wire.
    assert talk.sent()[3:] == [
        "bob SYN 0", "server ACK 301 -399", "bob RST -399", "bob SYN 0", "server SYN,ACK 0 1", "bob ACK 1 1",
    ]  # fmt: skip
    assert str(mine.state) == "ESTABLISHED"
    assert talk.lost() == []


def test_udp_goes_through_and_is_forgotten() -> None:
    talk = Behind(Nat(PUBLIC))
    echo, mine = talk.server.udp(53), talk.bob.udp(4000)
    mine.send_to(talk.server, 53, b"who?")
    talk.net.run(until="1s")
    assert [(source, data) for _, source, data in echo.received] == [((PUBLIC, 4000), b"who?")]
    echo.send_to(PUBLIC, 4000, b"me")
    talk.net.run(until="2s")
    assert [data for _, _, data in mine.received] == [b"me"]
    talk.net.run(until="10min")
    assert not talk.box.sessions
    echo.send_to(PUBLIC, 4000, b"still there?")
    talk.net.run(until="11min")
    assert [record.by for record in talk.trace.of_kind(Lost)] == ["NAT: no mapping"]


def test_a_full_table_lets_nobody_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "MAX_SESSIONS", 1)
    talk = Behind(Nat(PUBLIC))
    talk.ann.connect(talk.server, 80)
    talk.bob.connect(talk.server, 80)
    talk.net.run(until="500ms")
    assert talk.lost() == ["bob SYN 0: NAT: no mapping"]


def test_a_session_that_is_over_is_forgotten_when_its_next_packet_comes_first() -> None:
    """The packet of the very instant of the alarm was entered before the alarm."""
    nat = Nat(PUBLIC, idle="5min")
    talk = Behind(nat)
    mine = talk.ann.connect(talk.server, 80)
    talk.net.run(until="1s")
    (session,) = nat.sessions.values()
    session.last -= 10 * MINUTE
    mine.send(b"hello")
    talk.net.run(until="1500ms")
    assert talk.lost() == ["ann PSH,ACK 1 1: NAT: no mapping"]
    talk.net.run(until="6min")
    assert len([note for note in talk.notes() if "forgets" in note]) == 1


def test_nat_in_a_file_and_back() -> None:
    talk = Behind(Nat(PUBLIC))
    talk.ann.connect(talk.server, 80)
    talk.net.run(until="1s")
    written = talk.trace.to_jsonl()
    again = load(written.encode(), "again.jsonl")
    assert again.records == talk.trace.records
    assert again.to_jsonl() == written
    assert talk.trace.header.links[0] == f"ann - server: 50ms, NAT {PUBLIC}"


def test_without_a_trace() -> None:
    net = Network(trace=False)
    ann, server = net.host("ann", profile="plain"), net.host("server", profile="plain")
    Nat(PUBLIC, idle="1min", unknown="reset").attach(net.link(ann, server), ann)
    server.listen(80)
    mine = ann.connect(server, 80)
    net.at("2min", mine.send, b"x")
    net.run(until="3min")
    assert mine.signals == ["connection open", "connection reset"]


# ---------------------------------------------------------------------- a firewall


def test_a_firewall_lets_connections_out_and_only_allowed_ones_in() -> None:
    talk = Behind(Firewall(allow=[22], unknown="reset"))
    talk.ann.listen(22)
    talk.ann.listen(23)
    out, allowed, refused = (
        talk.ann.connect(talk.server, 80), talk.server.connect(talk.ann, 22), talk.server.connect(talk.ann, 23)
    )  # fmt: skip
    talk.net.run(until="900ms")
    assert [str(each.state) for each in (out, allowed, refused)] == ["ESTABLISHED", "ESTABLISHED", "SYN-SENT"]
    assert talk.lost() == ["server SYN 0: firewall: no such connection"]
    assert talk.trace.header.links[0] == "ann - server: 50ms, firewall that lets in 22"


@pytest.mark.parametrize(("bits", "answer"), [("ACK", "server RST 900"), ("FIN", "server RST,ACK 0 501"), ("RST", "")])
def test_a_firewall_resets_what_it_does_not_know_unless_it_is_a_rst(bits: str, answer: str) -> None:
    talk = Behind(Firewall(unknown="reset"))
    stray = segment(bits, seq=500, ack=900 if bits == "ACK" else 0)
    talk.net.inject(("10.0.0.1", 5000), ("198.51.100.1", 80), stray, via="ann")
    talk.net.run()
    assert talk.sent()[1:] == ([answer] if answer else [])
    assert [record.time for record in talk.trace.of_kind(Arrived)] == ([50 * MS] if answer else [])
    assert {record.why for record in talk.trace.of_kind(Sent)[1:]} <= {box.FIREWALL_RESET}


def test_a_firewall_forgets_an_idle_connection() -> None:
    talk = Behind(Firewall(idle="5min"))
    mine = talk.ann.connect(talk.server, 80)
    talk.net.at("10min", mine.send, b"hello")
    talk.net.run(until=10 * MINUTE + 500 * MS)
    assert talk.notes() == ["firewall forgets 10.0.0.1:49152: idle for 5min"]
    assert talk.lost() == ["ann PSH,ACK 1 1: firewall: no such connection"]


def test_forbidden_text_passes_and_resets_both_ends_behind_it() -> None:
    talk = Behind(Firewall(forbidden=b"secret"))
    mine = talk.ann.connect(talk.server, 80)
    talk.net.at("1s", mine.send, b"hello")
    talk.net.at("2s", mine.send, b"a secret")
    talk.net.run(until="3s")
    theirs = talk.server.connections[1]
    assert talk.sent()[-5:] == ["ann PSH,ACK 6 1", "ann RST 14", "server RST 1", "server ACK 1 14", "ann RST 14"]
    assert mine.signals == ["connection open", "connection reset"]
    assert theirs.received == b"helloa secret"
    assert theirs.signals == ["connection open", "connection reset"]
    made = [record for record in talk.trace.of_kind(Sent) if record.why is box.FORBIDDEN_RESET]
    assert [(record.host, record.time) for record in made] == [("ann", 2 * SECOND), ("server", 2 * SECOND)]


def test_forbidden_text_from_outside_and_in_a_datagram() -> None:
    talk = Behind(Firewall(forbidden=b"secret"))
    mine = talk.ann.connect(talk.server, 80)
    talk.net.run(until="1s")
    talk.listener.accepted[0].send(b"secret")
    socket = talk.server.udp(53)
    talk.ann.udp(53).send_to(talk.server, 53, b"secret")
    talk.net.run(until="2s")
    assert (mine.received, mine.signals[-1]) == (b"secret", "connection reset")
    assert len(socket.received) == 1


# ---------------------------------------------------------------------- mistakes


def test_what_can_not_be_a_middlebox() -> None:
    with pytest.raises(ValueError, match="expected one of drop, reset as 'unknown', not 'accept'"):
        Nat(PUBLIC, unknown="accept")
    with pytest.raises(ValueError, match="is a multicast address"):
        Nat("224.0.0.1")
    with pytest.raises(ValueError, match="expected a port from 1 to 65535, not 0"):
        Firewall(allow=[0])
    net = Network()
    one, two, three = net.host("one"), net.host("two"), net.host("three")
    link = net.link(one, two)
    with pytest.raises(ValueError, match=r"192\.0\.2\.3 is the address of a host"):
        Nat("192.0.2.3").attach(link, one)
    Firewall().attach(link, one)
    with pytest.raises(ValueError, match="the link one-two has a middlebox already"):
        Firewall().attach(link, two)
    with pytest.raises(ValueError, match="belongs to another network"):
        Firewall().attach(net.link(two, three), one)
    assert repr(Firewall()) == "<firewall: 0 sessions>"


# ---------------------------------------------------------------------- MTU


def path(mtu: int = 1000, *, addresses: tuple[str, str] = ("10.0.0.1", "10.0.0.2"), **said: Any) -> Any:
    net = Network()
    knobs = {"profile": "plain", "mtu": 1500, "mss": 1400, "mss_option": "always", **said.pop("knobs", {})}
    one, two = (net.host(name, address, **knobs) for name, address in zip(("one", "two"), addresses, strict=True))
    net.link(one, two, delay="50ms", mtu=mtu, **said)
    two.listen(80)
    mine = one.connect(two, 80)
    net.at("1s", mine.send, 1200)
    net.run(until="1900ms")
    return net, mine


def fates(net: Any) -> list[tuple[int, str, str]]:
    return [(f.segment.length, f.fate, f.by) for f in flights(net.trace) if f.segment.length]


def test_what_is_too_big_is_dropped_and_told() -> None:
    net, mine = path()
    assert fates(net) == [
        (1200, "lost", "1240 octets, MTU 1000"), (960, "arrived", ""), (240, "arrived", ""),
    ]  # fmt: skip
    (note,) = net.trace.of_kind(Note)
    assert (note.time, note.text) == (1050 * MS, "arrived: <ICMP fragmentation needed SEQ=1001 MTU=1000>")
    assert mine.details[-1] == "1000"
    assert net.trace.header.links == ("one - two: 50ms, MTU 1000",)


def test_a_black_hole_tells_nobody() -> None:
    net, mine = path(icmp=False)
    assert fates(net) == [(1200, "lost", "1240 octets, MTU 1000")]
    assert mine.signals == ["connection open"]
    assert net.trace.header.links == ("one - two: 50ms, MTU 1000, ICMP filtered",)


def test_without_df_it_is_fragmented_and_passes() -> None:
    net, _ = path(knobs={"path_mtu_discovery": False})
    assert fates(net) == [(1200, "arrived", "")]


def test_a_clamped_mss_lets_nobody_send_too_much() -> None:
    net, mine = path(clamp_mss=True, icmp=False)
    assert fates(net) == [(960, "arrived", ""), (240, "arrived", "")]
    sent, arrived = net.trace.of_kind(Sent)[0], net.trace.of_kind(Arrived)[0]
    assert (sent.segment.options.mss, arrived.segment.options.mss) == (1400, 960)
    assert mine.endpoint.peer_mss == 960
    assert net.trace.header.links == ("one - two: 50ms, MTU 1000, ICMP filtered, MSS clamped",)


@pytest.mark.parametrize("knobs", [{"mss": 900}, {"mss_option": "never", "timestamps": True}])
def test_an_mss_that_fits_and_a_syn_without_one_stay_as_they_are(knobs: dict[str, Any]) -> None:
    net, _ = path(clamp_mss=True, knobs=knobs)
    sent, arrived = net.trace.of_kind(Sent)[0], net.trace.of_kind(Arrived)[0]
    assert sent.segment == arrived.segment


def test_over_ipv6_nothing_is_fragmented() -> None:
    both: dict[str, Any] = {"addresses": ("2001:db8::1", "2001:db8::2"), "mtu": 1280}
    net, _ = path(knobs={"path_mtu_discovery": False}, icmp=False, **both)
    assert fates(net) == [(1200, "arrived", "")]  # 1260 octets: it fits
    net, _ = path(**both | {"mtu": 1250})
    assert [text.split(" SEQ")[0] for text in (note.text for note in net.trace.of_kind(Note))] == [
        "arrived: <ICMP packet too big"
    ]


def test_datagrams_are_fragmented() -> None:
    net, _ = path()
    socket = net.hosts["two"].udp(53)
    net.hosts["one"].udp(4000).send_to("two", 53, 5000)
    net.run(until="3s")
    assert [data for _, _, data in socket.received] == [5000]


def test_a_stranger_s_segment_is_judged_by_what_its_host_does() -> None:
    net, _ = path()
    net.inject(("one", 9), ("two", 9), segment("ACK", seq=1, ack=1, text=1200), via="one")
    net.run(until="3s")
    assert net.trace.of_kind(Lost)[-1].by == "1240 octets, MTU 1000"


@pytest.mark.parametrize("octets", [67, 65_536])
def test_an_mtu_that_no_link_has(octets: int) -> None:
    net = Network()
    link = net.link(net.host("one"), net.host("two"))
    with pytest.raises(ValueError, match=f"expected an MTU from 68 to 65535 octets, not {octets}"):
        Mtu(link.toward("two"), octets)


# ---------------------------------------------------------------------- timestamps by address


def recycling(paws_per_host: bool, offset: int, **late: Any) -> tuple[Behind, Any]:
    """Ann's connection is in TIME-WAIT at the server; Bob, whose clock is another, asks for one."""
    talk = Behind(Nat(PUBLIC), timestamps=True, timestamp_offset=1_000_000, paws_per_host=paws_per_host)
    mine = talk.ann.connect(talk.server, 80)
    talk.net.run(until="1s")
    talk.listener.accepted[0].close()
    talk.net.run(until="2s")
    mine.close()
    talk.net.run(until="3s")
    other = talk.bob.connect(talk.server, 80, **{"timestamp_offset": offset, **late})
    talk.net.run(until="3500ms")
    return talk, other


def test_an_older_timestamp_of_the_same_address_is_dropped_in_silence() -> None:
    talk, other = recycling(True, 5)
    assert str(other.state) == "SYN-SENT"
    assert [record.why for record in talk.trace.of_kind(Discarded, "server")] == [why.PAWS_PER_HOST]
    assert talk.server.counters["PAWSPassive"] == 1


@pytest.mark.parametrize(
    ("setting", "offset", "late"),
    [
        (False, 5, {}),
        (True, 2_000_000, {}),
        (True, 5, {"timestamps": False}),
        (True, 5, {"timestamps": False, "mss_option": "always"}),
    ],
)
def test_otherwise_the_syn_is_answered(setting: bool, offset: int, late: dict[str, Any]) -> None:
    talk, other = recycling(setting, offset, **late)
    assert str(other.state) == "ESTABLISHED"
    assert talk.server.counters["PAWSPassive"] == 0


def test_a_packet_is_what_a_rule_may_readdress() -> None:
    nat = Nat(PUBLIC)
    talk = Behind(nat)
    packet = Packet(1, ("10.0.0.1", 5, "198.51.100.1", 80), segment("SYN"))
    assert nat.judge(0, packet, nat.passages[0], outward=True) is None
    assert packet.flow == (PUBLIC, 5, "198.51.100.1", 80)
    assert talk.server.route(PUBLIC, 5) is nat.passages[0].back
