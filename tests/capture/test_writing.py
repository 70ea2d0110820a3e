"""Captures of runs: who sees what and when, what is noted, and that all of it is read back."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.capture import Frame, decode_frame, read_frames
from tcpsim.capture.packing import NotWritable
from tcpsim.capture.vantage import named, vantages
from tcpsim.capture.writing import LATEST, capture_pieces, write_capture
from tcpsim.net import Network
from tcpsim.scenario.library import library
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS, SECOND
from tcpsim.trace import Corrupted, Datagram, Header, HostHeader, Note, SegmentRecord, Sent, Trace
from tcpsim.wire import Icmp, Tcp, quoted
from tests.capture.analysed import met, traces
from tests.capture.by_hand import opened
from tests.net.talk import Talk
from tests.trace.story import Story

TWO = Header(
    "A title", hosts=(HostHeader("client", ("192.0.2.1",)), HostHeader("server", ("192.0.2.2", "2001:db8::2")))
)
NAMES = [entry.name for entry in library()]


def story() -> Trace:
    """A SYN that is lost, its retransmission, an answer that is copied and one that is damaged."""
    told = Story(TWO)
    first = told.sends(0, "client", segment("SYN", seq=100))
    told.lost(0, first, 50)
    again = told.sends(1000, "client", segment("SYN", seq=100))
    told.arrives(1050, again)
    answer = told.sends(1050, "server", segment("SYN,ACK", seq=300, ack=101))
    told.duplicated(1050, answer, 1110)
    told.arrives(1100, answer)
    text = told.sends(1100, "client", segment("ACK", seq=101, ack=301, text=3))
    told.arrives(1110, answer)
    told.corrupted(1150, text)
    late = told.sends(1200, "client", segment("ACK", seq=101, ack=301, text=b"abc"))
    told.held(1200, late, 1400)
    told.arrives(1400, late)
    return told.ends(1400)


def written(trace: Trace, form: str = "pcapng", at: str | None = None, **options: int) -> bytes:
    return b"".join(capture_pieces(trace, form, at, **options))


def frames(trace: Trace, form: str = "pcapng", at: str | None = None, **options: int) -> list[Frame]:
    return list(opened(written(trace, form, at, **options)))


def told(frame: Frame) -> list[str]:
    return frame.comment.split("\n") if frame.comment else []


# ------------------------------------------------------------------ who sees what


def test_every_host_and_link_is_a_vantage_point() -> None:
    trace = story()
    assert [each.name for each in vantages(trace)] == ["client", "server", "client-server"]
    reader = opened(written(trace))
    assert [each.comment is not None for each in reader].count(True) == 15
    assert [(each.name, each.link) for each in reader.interfaces] == [
        ("client", 101), ("server", 101), ("client-server", 101),
    ]  # fmt: skip
    assert reader.interfaces[0].description == "what client sends, and what arrives there"
    assert reader.interfaces[2].description == "what is put on the link, with what becomes of it"
    one_way = named(trace, "server>client")
    assert one_way is not None
    assert one_way.ways == {("server", "client")}
    assert named(trace, "nobody") is None


def test_a_host_sees_what_it_sends_and_what_arrives() -> None:
    at = [(frame.time // MS, decoded(frame).segment) for frame in frames(story(), at="client")]
    syn, answer = segment("SYN", seq=100), segment("SYN,ACK", seq=300, ack=101)
    assert at == [
        (0, syn), (1000, syn), (1100, answer), (1100, segment("ACK", seq=101, ack=301, text=bytes(3))), (1110, answer),
        (1200, segment("ACK", seq=101, ack=301, text=b"abc")),
    ]  # fmt: skip
    assert [frame.time // MS for frame in frames(story(), at="server")] == [1050, 1050, 1150, 1400]


def decoded(frame: Frame) -> Tcp:
    datagram = decode_frame(frame)
    assert datagram is not None
    assert isinstance(datagram.payload, Tcp)
    return datagram.payload


def test_a_link_sees_what_is_put_on_it_and_notes_its_fate() -> None:
    seen_there = frames(story(), at="client-server")
    assert [frame.time // MS for frame in seen_there] == [0, 1000, 1050, 1100, 1200]
    assert [told(frame)[1:] for frame in seen_there] == [
        ["lost: random loss 1%"],
        ["retransmission 1"],
        ["copied: duplication 1%"],
        ["damaged: corruption 1%; its checksum is wrong where it arrives"],
        ["retransmission 1", "held back: fault: delay first FIN by 3s; arrives 200ms later"],
    ]
    assert [told(frame)[0] for frame in seen_there] == ["client: CLOSED"] * 2 + ["server: CLOSED"] + [
        "client: CLOSED"
    ] * 2
    assert [frame.time // MS for frame in frames(story(), at="client>server")] == [0, 1000, 1100, 1200]
    assert [frame.time // MS for frame in frames(story(), at="server>client")] == [1050]


def test_that_a_packet_was_lost_only_the_link_knows() -> None:
    for frame in frames(story()):
        assert ("lost: " in frame.comment) == (frame.interface == 2 and frame.time == 0)


def test_a_damaged_packet_has_a_wrong_checksum_where_it_arrives() -> None:
    from tcpsim.capture import Tally

    tally = Tally()
    for frame in frames(story(), at="server"):
        decode_frame(frame, tally)
    assert tally.wrong_checksums == 1
    (damaged,) = (frame for frame in frames(story(), at="server") if "wrong checksum: " in frame.comment)
    assert told(damaged) == ["wrong checksum: corruption 1%"]
    assert damaged.time == 1150 * MS


def test_copies_and_what_is_not_used_are_noted_by_the_receiver() -> None:
    last = frames(story(), at="client")[4]
    assert told(last) == ["client: CLOSED", "a copy that the network made: duplication 1%"]
    refused = frames(traces()["refused"], at="server")[0]
    assert told(refused)[-1].startswith("not used, or not all of it: A segment for a connection that does not exist")


def test_states_before_and_after_and_the_reason() -> None:
    notes = [told(frame) for frame in frames(traces()["handshake"], at="client")]
    assert notes[0] == [
        "client: CLOSED -> SYN-SENT",
        "An active OPEN selects an initial send sequence number and sends a SYN. (RFC 9293 3.10.1)",
    ]
    assert notes[1] == ["client: SYN-SENT -> ESTABLISHED"]
    assert notes[2][0] == "client: SYN-SENT -> ESTABLISHED"
    assert notes[3][0] == "client: ESTABLISHED"
    server = [told(frame)[0] for frame in frames(traces()["handshake"], at="server")]
    assert server[:3] == ["server: LISTEN -> SYN-RECEIVED"] * 2 + ["server: SYN-RECEIVED -> ESTABLISHED"]


def test_forged_segments_are_seen_on_the_link_and_where_they_arrive() -> None:
    talk = Talk()
    talk.established()
    talk.net.inject(
        ("192.0.2.1", 49_152), ("192.0.2.2", 80), segment("RST", seq=5), via="client"
    )  # fmt: skip
    talk.net.run()
    sees = {
        name: [frame for frame in frames(talk.trace, at=name) if decoded(frame).segment.ctl == 4]
        for name in ("client", "server", "client-server")
    }
    assert {name: len(found) for name, found in sees.items()} == {"client": 0, "server": 1, "client-server": 1}
    assert told(sees["client-server"][0]) == ["injected: no host sent this"]
    assert told(sees["server"][0])[1].startswith("not used, or not all of it: A RST outside the receive window")


def test_a_nats_reset_is_put_on_the_link_by_the_nat() -> None:
    trace = traces()["nat-silent-drop"]
    by = [frame for frame in frames(trace) if "put here by a " in frame.comment]
    made = [each for each in trace.of_kind(Sent) if each.why is not None and each.why.id == "nat.unknown"]
    assert len(by) == len(made)


def test_a_packet_to_itself_is_seen_once() -> None:
    trace = traces()["self-connect"]
    sent = [record for record in trace.of_kind(Sent) if record.to]
    assert [each.name for each in vantages(trace)] == ["host"]
    assert len(frames(trace)) == len(sent)


def test_what_no_link_carries_is_nowhere() -> None:
    net = Network()
    alone = net.host("alone")
    alone.connect("203.0.113.9", 80)
    net.run(5 * SECOND)
    assert net.trace is not None
    assert net.trace.of_kind(Sent)
    assert frames(net.trace) == []


# ------------------------------------------------------------------ what else a trace has


def test_udp_and_the_error_that_answers_it() -> None:
    trace = traces()["udp-contrast"]
    for host in trace.hosts:
        there = [decode_frame(frame) for frame in frames(trace, at=host)]
        notes = [note for note in trace.of_kind(Note, host) if "ICMP" in note.text]
        errors = [each for each in there if each is not None and isinstance(each.payload, Icmp)]
        assert len(errors) == len(notes)
        for error in errors:
            about = quoted(error)
            assert about is not None
            assert about.error == "port unreachable"


def test_path_mtu_errors_name_the_segment_and_the_mtu() -> None:
    trace = traces()["pmtu-black-hole"]
    notes = [note for note in trace.of_kind(Note) if "ICMP" in note.text]
    told_by = [
        quoted(each) for frame in frames(trace) if (each := decode_frame(frame)) and isinstance(each.payload, Icmp)
    ]
    assert len(told_by) == len(notes) > 0
    for note, about in zip(notes, told_by, strict=True):
        assert about is not None
        assert note.text == f"arrived: <ICMP {about.error} SEQ={about.seq} MTU={about.mtu}>"


@pytest.mark.parametrize("text", ["arrived: <ICMP net unreachable SEQ=9>", "UDP port 9: sends ICMP port unreachable"])
def test_an_error_about_what_the_trace_does_not_have_is_left_out(text: str) -> None:
    begun = Story(TWO)
    begun.sends(0, "client", segment("SYN", seq=9))
    begun.trace.append((Note, 5, "client", 1, None, text))
    assert len(frames(begun.trace, at="client")) == (2 if "SEQ=9" in text else 1)
    begun.trace.append((Note, 5, "client", 1, None, text.replace("SEQ=9", "SEQ=8").replace("net unreach", "no r")))
    assert len(frames(begun.trace, at="client")) == (2 if "SEQ=9" in text else 1)


def test_an_error_that_the_version_of_ip_does_not_have_is_left_out() -> None:
    begun = Story(TWO)
    begun.sends(0, "client", segment("SYN", seq=9))
    begun.trace.append((Note, 5, "client", 1, None, "arrived: <ICMP packet too big SEQ=9 MTU=1280>"))
    assert len(frames(begun.trace, at="client")) == 1


def test_ipv6() -> None:
    talk = Talk()
    for number, host in enumerate((talk.client, talk.server), 1):
        talk.net.add_address(host, f"2001:db8::{number}")
    talk.server.listen(80)
    talk.client.connect("2001:db8::2", 80)
    talk.net.run()
    there = frames(talk.trace, at="client", link=1)
    assert len(there) == 3
    assert there[0].octets[:14].hex() == "02000000000202000000000186dd"
    datagram = decode_frame(there[0])
    assert datagram is not None
    assert (datagram.source, datagram.version, datagram.ttl) == ("2001:db8::1", 6, 64)


# ------------------------------------------------------------------ the library, written and read back


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_the_library_is_read_back_segment_by_segment(name: str, form: str) -> None:
    trace = traces()[name]
    for host in trace.hosts:
        there = frames(trace, form, host)
        expected = met(name, trace, host)
        assert [frame.time for frame in there] == [each.record.time for each in expected]
        for frame, each in zip(there, expected, strict=True):
            record = each.record
            if not isinstance(record, SegmentRecord) or isinstance(record.segment, Datagram):
                continue
            datagram = decode_frame(frame)
            assert datagram is not None
            assert isinstance(datagram.payload, Tcp)
            payload = datagram.payload
            assert (datagram.source, payload.sport, datagram.target, payload.dport) == record.flow
            if ":" not in record.flow[0]:
                assert datagram.ident == record.packet & 0xFFFF
            if not isinstance(record, Corrupted):
                assert as_read(payload) == as_read(Tcp(0, 0, record.segment))


def as_read(payload: Tcp) -> tuple[object, ...]:
    """A segment without the layout of its options' filling, and with text that was counted as zeros."""
    found = payload.segment
    text = bytes(found.length) if found.text is None else found.text
    options = found.options
    shown = (
        None if options is None else {key: getattr(options, key) for key in ("mss", "wscale", "sack_ok", "ts", "sack")}
    )
    return (found.seq, found.ack, found.ctl, found.wnd, text, shown, found.up, found.ecn)


@given(
    st.lists(st.tuples(st.integers(0, 3 * SECOND), st.binary(max_size=30), st.booleans()), max_size=12),
    st.sampled_from(["pcap", "pcapng"]),
    st.sampled_from([1, 101]),
    st.integers(0, LATEST - 37 * SECOND),
)
def test_whatever_is_sent_is_read_back(
    sendings: list[tuple[int, bytes, bool]], form: str, link: int, epoch: int
) -> None:
    begun, now = Story(TWO), 0
    expected = []
    for wait, text, from_client in sendings:
        now += wait
        host = "client" if from_client else "server"
        what = segment("ACK", seq=now & 0xFFFF, text=text)
        begun.sends(0, host, what)
        begun.trace.append((*begun.trace.last_row[:1], now, *begun.trace.last_row[2:]))
        expected.append((epoch + now, what))
    trace = Trace(TWO)
    for row in begun.trace._rows[1::2]:
        trace.append(row)
    found = frames(trace, form, "client-server" if sendings else "client", link=link, epoch=epoch)
    assert [(frame.time, decoded(frame).segment) for frame in found] == expected
    assert all(frame.link == link for frame in found)


# ------------------------------------------------------------------ files


def test_pcap_has_the_first_host_unless_another_is_asked_for() -> None:
    trace = story()
    assert frames(trace, "pcap") == [
        frame._replace(comment="", offset=mine.offset)
        for frame, mine in zip(frames(trace, at="client"), frames(trace, "pcap"), strict=True)
    ]


def test_the_form_by_the_files_name(tmp_path: Path) -> None:
    for name, form in (("a.pcap", "pcap"), ("a.PCAPNG", "pcapng")):
        assert write_capture(story(), tmp_path / name) == (6 if form == "pcap" else 15)
        with read_frames(tmp_path / name) as reader:
            assert reader.format == form
    assert write_capture(story(), tmp_path / "a.cap", "server", form="pcap") == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"path": "a.cap"}, "expected a file's name that ends with .pcap or .pcapng, not "),
        ({"at": "clent"}, "expected a host or a link of the run (client, server, client-server), not 'clent'"),
        ({"form": "pcapx"}, "expected pcap or pcapng, not 'pcapx'"),
        ({"link": 113}, "expected LINKTYPE_RAW (101) or LINKTYPE_ETHERNET (1), not 113"),
        ({"epoch": LATEST}, "a packet at 0 ns: a capture tells times from 1970 to 2106"),
        ({"epoch": -1}, "a packet at 0 ns: a capture tells times from 1970 to 2106"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(options: dict[str, object], said: str, tmp_path: Path) -> None:
    path = tmp_path / str(options.pop("path", "a.pcap"))
    with pytest.raises(ValueError, match=r"expected|1970") as raised:
        write_capture(story(), path, **options)  # type: ignore[arg-type]  # some are wrong
    assert said in str(raised.value)
    assert not path.exists()


def test_a_packet_that_no_octets_can_be() -> None:
    trace = story()
    long = Trace.of(
        TWO, [replace(each, segment=segment("ACK", text=10**15)) if isinstance(each, Sent) else each for each in trace]
    )
    with pytest.raises(NotWritable, match="packet 1 at 0 ns: 1000000000000000 octets of text; expected at most 65535"):
        written(long)
    nowhere = Trace.of(
        TWO, [replace(each, flow=("here", 1, "there", 2)) if isinstance(each, Sent) else each for each in trace]
    )
    with pytest.raises(NotWritable, match=r"packet 1 at 0 ns: expected an address such as 192\.0\.2\.1"):
        written(nowhere)


def test_host_names_that_are_no_addresses_or_long_do_no_harm() -> None:
    odd = Header("t" * 70_000, hosts=(HostHeader("ü" * 200, ("nonsense", "192.0.2.1")), HostHeader("server", ())))
    trace = Trace.of(odd, [])
    octets = written(trace)
    reader = opened(octets)
    assert list(reader) == []
    assert reader.cut is None
    assert reader.interfaces[0].name == "ü" * 200


def test_same_octets_on_every_run_whatever_the_hash_seed() -> None:
    program = (
        "import hashlib, sys; from tcpsim.scenario import run; from tcpsim.scenario.library import load;"
        "from tcpsim.capture.writing import capture_pieces;"
        "print(hashlib.sha256(b''.join(capture_pieces(run(load('lossy')).trace, 'pcapng'))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {hashlib.sha256(written(traces()["lossy"])).hexdigest()}


def test_nothing_in_the_file_tells_of_the_version() -> None:
    octets = written(Trace(Header("The title", "RFC 9293", hosts=TWO.hosts)))
    assert struct.unpack("<I", octets[4:8])[0] % 4 == 0
    assert b"The title" in octets
    assert b"tcpsim\0" in octets
    assert b"client\0" in octets
