"""Mutants of listeners: what they do when they have no room, and how long they keep what is half open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..send import reset_for
from ..units import MAX_DURATION
from .mutant import Deviant, deviation, heading, knobs, listener, single

if TYPE_CHECKING:
    from ..rules import Rule
    from ..segment import Segment
    from ..units import Time

heading("Listeners")

single(
    "listens-once", "RFC 9293 3.9.1.1, MUST-42",
    "A listener becomes the first connection that it makes: while that is there, nobody listens at the port.",
)  # fmt: skip


@listener("full-queue-resets", "RFC 4987 2.2", "A SYN for which a listener has no room is answered with a RST.")
def _refuse(segment: Segment, rule: Rule) -> Segment | None:
    return reset_for(segment, rule)


@deviation(
    "endless-accept-queue", "RFC 4987 2.2",
    "A handshake that has begun is always ended, however many connections wait to be accepted.",
)  # fmt: skip
class EndlessAcceptQueue(Deviant):
    """Whoever asks whether there has to be room hears no."""

    __slots__ = ()

    def would_establish(self, now: Time, segment: Segment) -> bool:
        return False


knobs(
    "half-open-for-ever", "RFC 4987 3.3", "A connection in SYN-RECEIVED is never given up.",
    synack_retries=127, r2_syn=MAX_DURATION, user_timeout=None, rto_max=MAX_DURATION,
)  # fmt: skip

knobs(
    "tw-recycle", "RFC 7323 B.2",
    "A SYN is compared with the last timestamp of its address, whatever the ports: Linux's tcp_tw_recycle, until 4.12.",
    paws_per_host=True,
)  # fmt: skip

knobs(
    "cookies-without-timestamps", "RFC 4987 3.6",
    "A host knows no timestamps: what a SYN offers besides its MSS does not survive a SYN cookie.",
    timestamps=False,
)  # fmt: skip
