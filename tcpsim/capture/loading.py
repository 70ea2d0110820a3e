"""A capture as a Trace: `load` one taken at one place, `load_both` two taken at both ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .conversation import trace_of
from .errors import CaptureError
from .inferring import infer
from .merging import end_of, in_order, interfaces_of, merge
from .merging import told as merging_told
from .passages import Account, Passage
from .reading import NoStream, read_stream, without_doubles
from .streams import CLIENT, SERVER, SIDES, survey
from .viewpoint import short, viewpoint_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from ..trace import Trace
    from .merging import End
    from .reading import Capture
    from .streams import Progress, Stream, Survey
    from .viewpoint import Viewpoint


def load(path: str | Path, stream: int | None = None, progress: Progress | None = None) -> Trace:
    """Return one TCP connection of a capture as a trace of two hosts, "client" and "server".

    Args:
        path: the file, pcap or pcapng.
        stream: which of its connections, counted from 0; None for the only one.
        progress: called now and then with the octets read and the octets there are.

    Raises:
        NoStream: if there is no such connection, or several and none was named.
        CaptureError: if the file is no capture, or says what cannot be.
        OSError: if it can't be read.
    """
    capture = read_stream(path, stream, progress)
    if capture.stream.itself:
        return _of_itself(capture)
    ends = interfaces_of(capture)
    if ends is not None:
        return _merged(capture, *ends, source_of(capture), one_clock=True)
    capture.packets, capture.doubled = without_doubles(capture.packets)
    viewpoint = viewpoint_of(capture.packets)
    account = infer(capture.packets, viewpoint, capture.stream.errors)
    beside = CLIENT if viewpoint.place == "between" else SIDES.index(viewpoint.place)
    one_machine = capture.stream.client[0] == capture.stream.server[0]
    remarks = [(beside, viewpoint.sentence(one_machine=one_machine)), *((CLIENT, text) for text in facts(capture))]
    return trace_of(account, capture.stream, source_of(capture), remarks, _link(viewpoint))


def load_both(
    path: str | Path, other: str | Path, stream: int | None = None, progress: Progress | None = None
) -> Trace:
    """Return a TCP connection that was captured at both ends as one trace.

    Args:
        path: one capture.
        other: the other one, in whatever order.
        stream: which connection of `path`, counted from 0; None for the only one that both have.
        progress: called now and then with the octets read and the octets there are.

    Raises:
        NoStream: if the two have no connection in common, or several and none was named.
        CaptureError: if a file is no capture, or says what cannot be.
        OSError: if one can't be read.
    """
    both = common(survey(path, progress), survey(other, progress), stream)
    captures = [read_stream(path, both[0], progress), read_stream(other, both[1], progress)]
    if captures[0].stream.itself:
        raise CaptureError(captures[0].path, 0, "a connection to itself has one end", "a connection of two")
    _same_sides(*captures)
    for capture in captures:
        capture.packets, capture.doubled = without_doubles(capture.packets)
    ends = in_order(end_of(captures[0]), end_of(captures[1]))
    source = f"{source_of(captures[0])} and {source_of(captures[1])}"
    told = [text for capture in captures for text in facts(capture)]
    return _merged(captures[0], *ends, source, one_clock=False, told=told)


def common(one: Survey, other: Survey, number: int | None) -> tuple[int, int]:
    """Return the numbers, in each of two captures, of the connection that both have; raises as `load_both`."""
    pairs = _pairs(one, other, _by_addresses) or _pairs(one, other, _by_numbers)
    if number is None and len(pairs) == 1:
        return next(iter(pairs.items()))
    if number in pairs:
        return number, pairs[number]
    if not pairs:
        raise NoStream(one, f"no TCP connection of it is in {other.path}", "two captures of one connection")
    choices = ", ".join(str(each) for each in list(pairs)[:20])
    if number is None:
        raise NoStream(one, f"{len(pairs)} of its TCP connections are in {other.path} too", f"one of {choices}")
    raise NoStream(one, f"stream {number} is not in {other.path}", f"one that is: {choices}")


def _pairs(one: Survey, other: Survey, name: Callable[[Stream], Hashable]) -> dict[int, int]:
    """Return which streams of two captures are the same, by what `name` says of them and their SYNs."""
    there: dict[Hashable, list[Stream]] = {}
    for stream in other.streams:
        there.setdefault(name(stream), []).append(stream)
    pairs = {}
    for stream in one.streams:
        candidates = there.get(name(stream), []) if name(stream) is not None else []
        for candidate in candidates:
            if not _differ(stream, candidate):
                pairs[stream.number] = candidate.number
                candidates.remove(candidate)
                break
    return pairs


def _by_addresses(stream: Stream) -> Hashable:
    return frozenset(stream.ends)


def _by_numbers(stream: Stream) -> Hashable:
    """Return what a client's NAT leaves as it is: the server, and both initial sequence numbers, if they are known."""
    return None if None in stream.syn else (stream.ends[SERVER], *stream.syn)


def _differ(one: Stream, other: Stream) -> bool:
    """Return whether the same end has another initial sequence number in one stream than in the other."""
    known = dict(zip(one.ends, one.syn, strict=True))
    return any(
        iss is not None and known.get(end) is not None and known[end] != iss
        for end, iss in zip(other.ends, other.syn, strict=True)
    )


def _same_sides(capture: Capture, other: Capture) -> None:
    """Let the client of one capture be that of the other: in a simultaneous open, each has seen another SYN first."""
    ours, theirs = capture.stream, other.stream
    swapped = theirs.ends[CLIENT] == ours.ends[SERVER]
    if not swapped and theirs.ends[SERVER] != ours.ends[SERVER]:  # a NAT between them
        swapped = None not in ours.syn and theirs.syn == ours.syn[::-1] != ours.syn
    if swapped:
        other.packets = [packet._replace(side=1 - packet.side) for packet in other.packets]
        theirs.errors = [replace(error, side=1 - error.side) for error in theirs.errors]


def _of_itself(capture: Capture) -> Trace:
    """Return a connection of one socket to itself: what it sends, it gets at once."""
    capture.packets, capture.doubled = without_doubles(capture.packets)
    account = Account(
        [Passage(CLIENT, each.segment, each.time, each.time, each.frame, copy=each.copy) for each in capture.packets]
    )
    said = ["a connection to itself: both ends are one socket", *facts(capture)]
    return trace_of(account, capture.stream, source_of(capture), [(CLIENT, text) for text in said])


def _merged(
    capture: Capture, client: End, server: End, source: str, *, one_clock: bool, told: list[str] | None = None
) -> Trace:
    account, clocks = merge(client, server, one_clock=one_clock)
    said = [merging_told(client, server, clocks, one_clock=one_clock), *(told or facts(capture))]
    link = f"client - server: {short(clocks.way)} each way at least"
    return trace_of(account, capture.stream, source, [(CLIENT, text) for text in said], link)


def source_of(capture: Capture) -> str:
    """Return where a stream comes from, as a trace's header tells it."""
    name = Path(capture.path).name
    return name if capture.alone else f"{name}, stream {capture.stream.number}"


def facts(capture: Capture) -> list[str]:
    """Return what a person should know of a capture, a sentence each; most of the time nothing."""
    told = []
    silent = [SIDES[side] for side in (CLIENT, SERVER) if not capture.stream.packets[side]]
    if silent and not capture.stream.itself and capture.stream.packets[1 - SIDES.index(silent[0])]:
        told.append(f"nothing that the {silent[0]} sends is in the capture")
    if capture.doubled:
        told.append(f"{_many(capture.doubled, 'frame')} captured twice, and told once")
    if capture.cut:
        told.append(f"{_many(capture.cut, 'frame')} cut by the capture: text is counted, not known")
    if capture.untimed:
        told.append(f"{_without_time(capture.untimed)}: each is told at the time of the frame before it")
    if capture.left_out:
        kept = len(capture.packets) + capture.doubled
        told.append(f"only the first {kept:,} packets are told; {capture.left_out:,} more follow")
    if capture.broken is not None:
        told.append(f"the file breaks off at octet {capture.broken.offset}")
    return told


def _many(count: int, what: str) -> str:
    return f"1 {what} was" if count == 1 else f"{count:,} {what}s were"


def _without_time(count: int) -> str:
    """Return how many frames are Simple Packet Blocks, which have no time."""
    return "1 frame of the file has no time" if count == 1 else f"{count:,} frames of the file have no time"


def _link(viewpoint: Viewpoint) -> str:
    if viewpoint.around == (None, None):
        return ""
    return f"client - server: about {short(viewpoint.one_way)} each way, inferred"
