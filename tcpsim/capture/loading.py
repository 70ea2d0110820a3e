"""A capture as a Trace: `load` one taken at one place, `merging.merge` two taken at both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conversation import trace_of
from .inferring import infer
from .reading import read_stream
from .streams import CLIENT, SERVER, SIDES
from .viewpoint import short, viewpoint_of

if TYPE_CHECKING:
    from pathlib import Path

    from ..trace import Trace
    from .reading import Capture
    from .streams import Progress
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
    viewpoint = viewpoint_of(capture.packets)
    account = infer(capture.packets, viewpoint)
    beside = CLIENT if viewpoint.place == "between" else SIDES.index(viewpoint.place)
    remarks = [(beside, viewpoint.sentence), *((CLIENT, text) for text in facts(capture))]
    return trace_of(account, capture.stream, source_of(capture), remarks, _link(viewpoint))


def source_of(capture: Capture) -> str:
    """Return where a stream comes from, as a trace's header tells it."""
    from pathlib import Path

    name = Path(capture.path).name
    return name if capture.alone else f"{name}, stream {capture.stream.number}"


def facts(capture: Capture) -> list[str]:
    """Return what a person should know of a capture, a sentence each; most of the time nothing."""
    told = []
    silent = [SIDES[side] for side in (CLIENT, SERVER) if not capture.stream.packets[side]]
    if silent and capture.stream.packets[1 - SIDES.index(silent[0])]:
        told.append(f"nothing that the {silent[0]} sends is in the capture")
    if capture.doubled:
        told.append(f"{_many(capture.doubled, 'frame')} captured twice, and told once")
    if capture.cut:
        told.append(f"{_many(capture.cut, 'frame')} cut by the capture: text is counted, not known")
    if capture.left_out:
        kept = len(capture.packets) + capture.doubled
        told.append(f"only the first {kept:,} packets are told; {capture.left_out:,} more follow")
    if capture.broken is not None:
        told.append(f"the file breaks off at octet {capture.broken.offset}")
    return told


def _many(count: int, what: str) -> str:
    return f"1 {what} was" if count == 1 else f"{count:,} {what}s were"


def _link(viewpoint: Viewpoint) -> str:
    if viewpoint.around == (None, None):
        return ""
    return f"client - server: about {short(viewpoint.one_way)} each way, inferred"
