"""Text in buffers: a tuple of chunks, each the octets themselves or an int that only counts them.

Tuples and bytes are shared by the copies that `fork` makes. Where counted octets meet real ones in
one segment, the counted ones are zeros.
"""

from __future__ import annotations

from typing import Final

Chunk = bytes | int
Text = tuple[Chunk, ...]

JOIN_BELOW: Final = 4096
"""Chunks shorter than this are joined with the next, so that many small SENDs stay few chunks."""


def octets(chunk: Chunk) -> int:
    """Return how many octets a chunk has."""
    return chunk if isinstance(chunk, int) else len(chunk)


def append(text: Text, chunk: Chunk) -> Text:
    """Return `text` with a chunk behind it."""
    if not text:
        return (chunk,)
    last = text[-1]
    if isinstance(last, int) and isinstance(chunk, int):
        return (*text[:-1], last + chunk)
    if isinstance(last, bytes) and isinstance(chunk, bytes) and len(last) < JOIN_BELOW:
        return (*text[:-1], last + chunk)
    return (*text, chunk)


def drop(text: Text, count: int) -> tuple[Text, int]:
    """Return `text` without the leading chunks that end within `count` octets, and how many those held."""
    dropped = 0
    for index, chunk in enumerate(text):
        size = octets(chunk)
        if dropped + size > count:
            return text[index:], dropped
        dropped += size
    return (), dropped


def cut(text: Text, start: int, count: int) -> bytes | None:
    """Return `count` octets of `text` from `start` on; None if all of them are only counted."""
    parts: list[Chunk] = []
    for chunk in text:
        size = octets(chunk)
        if start >= size:
            start -= size
            continue
        take = min(size - start, count)
        parts.append(take if isinstance(chunk, int) else chunk[start : start + take])
        count -= take
        start = 0
        if not count:
            break
    return join(parts)


def join(parts: list[Chunk]) -> bytes | None:
    """Return the octets of chunks in a row; None if all of them are only counted."""
    if all(isinstance(part, int) for part in parts):
        return None
    return b"".join(bytes(part) if isinstance(part, int) else part for part in parts)
