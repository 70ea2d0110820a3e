"""What an event has changed of a connection: for properties that say that it changes nothing.

What an answer may change is left out: timers, the count of ACKs and challenges, what the next ACK will report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .views import Step

_VARIABLES: Final = {
    "the state": "state", "SND.UNA": "snd_una", "SND.WND": "snd_wnd", "SND.WL1": "snd_wl1", "SND.WL2": "snd_wl2",
    "RCV.NXT": "rcv_nxt", "what is held beyond a hole": "rcv_held", "whether the peer's FIN was taken": "fin_received",
}  # fmt: skip


def changed(step: Step) -> list[str]:
    """Return what of the connection is another after an event: variables, and what the user got."""
    before, after = step.before.endpoint, step.after.endpoint
    names = [name for name, slot in _VARIABLES.items() if getattr(before, slot) != getattr(after, slot)]
    if step.accepted:
        names.append("what the user gets")
    return names


def nothing_but_the_answer(step: Step, what: str) -> bool | str:
    """Return True if an event has changed nothing, else a sentence that says that `what` did."""
    names = changed(step)
    return f"{step.after.name} lets {what} change {', '.join(names)}" if names else True
