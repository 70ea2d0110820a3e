"""Which of the broken TCPs a capture shows: each mutant, and the finding, or why nothing is to be seen on the wire."""

from __future__ import annotations

import pytest

from tcpsim.capture.checking import check_trace
from tcpsim.capture.verdict import NOT_EXPLAINED, REASONS
from tcpsim.scenario import run
from tcpsim.tcp.mutants import MUTANTS
from tests.scenario.written import NAMES, loaded

SEEN: dict[str, tuple[str, str, str]] = {
    "two-way-handshake": ("lost-final-ack-server-speaks-first", "server", "text.too-early"),
    "four-way-handshake": ("handshake", "client", "listen.no-syn"),
    "no-ack-check-in-syn-sent": ("why-not-two", "client", "syn-sent.bad-ack"),
    "syn-not-counted": ("handshake", "client", "ack.syn-not-counted"),
    "isn-zero": ("time-wait-reuse", "client", "isn.same"),
    "same-isn": ("time-wait-reuse", "client", "isn.same"),
    "mss-ignored": ("option-negotiation", "plain", "mss.beyond"),
    "negotiation-one-sided": ("syn-flood-cookies", "server", "scale.unasked"),
    "options-assumed": ("option-negotiation", "client", "stamp.unasked"),
    "scaled-syn-window": ("syn-window-unscaled", "client", "window.beyond"),
    "fin-before-hole": ("fin-before-data", "server", "ack.hole"),
    "fin-taken-twice": ("lost-fin-ack", "server", "ack.unsent"),
    "no-time-wait": ("lost-last-ack", "client", "time-wait.short"),
    "one-msl": ("why-2msl", "client", "time-wait.short"),
    "time-wait-answers-with-rst": ("lost-last-ack", "client", "time-wait.short"),
    "out-of-order-acceptance": ("fast-retransmit-sack", "server", "ack.hole"),
    "new-number-on-retransmission": ("last-ack-stuck", "server", "fin.moved"),
    "no-backoff": ("nat-silent-drop", "client", "timer.no-backoff"),
    "window-shrunk": ("handshake", "server", "window.shrunk"),
    "window-ignored": ("syn-window-unscaled", "client", "window.beyond"),
    "no-paws": ("time-wait-reuse-paws", "client", "stamp.echo"),
    "rst-answered-by-rst": ("no-rst-to-rst", "client", "rst.of-rst"),
    "unsent-ack-believed": ("blind-data", "client", "ack.unsent"),
    "wrong-reset-numbers": ("refused", "client", "rst.numbers"),
    "listens-once": ("linger-zero", "client", "rst.of-rst"),
}
"""For each mutant that is seen: a scenario in which, at whom, and the finding."""

SILENCE = "it is silent where it ought to speak, and a capture can't tell this from a loss"
PATIENCE = "how long a host waits is its own affair, within bounds that a capture does not know"
INSIDE = "it deviates in what it gives to its user, not in what it sends"
CHOICE = "what it does is a choice that the RFC leaves to a host or its user"
REACTION = "it takes, or does not take, what arrives; that it arrived is nothing that a capture can be sure of"
PACE = "how fast a host sends within the window depends on what arrives, and is judged by no segment alone"

UNSEEN: dict[str, str] = {
    "handshake-needs-bare-ack": REACTION, "no-wrap": REACTION, "no-quiet-time": PATIENCE,
    "syn-not-retransmitted": SILENCE, "syn-ack-not-retransmitted": SILENCE, "duplicate-syn-ignored": SILENCE,
    "never-gives-up": PATIENCE, "gives-up-early": PATIENCE, "simultaneous-open-refused": REACTION,
    "passive-stays-syn-received": REACTION, "rst-closes-listener": REACTION, "forgets-who-opened": INSIDE,
    "ack-in-listen-ignored": SILENCE, "syn-data-delivered-early": INSIDE, "no-fast-open": CHOICE,
    "options-ignored": CHOICE, "fin-not-counted": REACTION, "half-close-kills": CHOICE, "ack-before-fin": CHOICE,
    "fin-wait-1-to-close-wait": INSIDE, "fin-not-retransmitted": SILENCE, "ack-of-fin-unchecked": INSIDE,
    "silent-in-closing": SILENCE, "close-without-fin": SILENCE, "no-timer-in-close-wait": SILENCE,
    "close-wait-times-out": CHOICE, "no-time-wait-restart": PATIENCE, "assassination": REACTION,
    "no-time-wait-reuse": CHOICE, "reuse-time-wait-always": REACTION, "close-with-unread-sends-fin": CHOICE,
    "linger-ignored": CHOICE, "no-orphan-timer": CHOICE, "abort-sends-fin": CHOICE,
    "duplicate-delivered-twice": INSIDE, "message-borders": INSIDE, "urgent-off-by-one": INSIDE,
    "never-retransmits": SILENCE, "no-karn": PACE, "no-fast-retransmit": PACE, "no-sack": CHOICE, "no-dsack": CHOICE,
    "no-congestion-control": PACE, "cwnd-grows-on-duplicates": PACE, "no-nagle": CHOICE, "no-delayed-ack": CHOICE,
    "path-mtu-ignored": PACE, "no-persist": SILENCE, "no-window-update": SILENCE, "stale-window": PACE,
    "silly-window": PACE, "no-keepalive": CHOICE, "user-timeout-ignored": PATIENCE,
    "keepalive-kills-at-once": PATIENCE, "closed-port-silent": SILENCE, "silent-to-unacceptable": SILENCE,
    "rst-ignored": REACTION, "blind-rst": REACTION, "no-challenge-ack": REACTION, "blind-syn": REACTION,
    "blind-data": REACTION, "unlimited-challenges": PACE, "full-queue-resets": CHOICE, "endless-accept-queue": INSIDE,
    "half-open-for-ever": PATIENCE, "tw-recycle": SILENCE, "cookies-without-timestamps": INSIDE,
    "crossed-syn-ack-ignored": REACTION, "fin-wait-1-to-last-ack": INSIDE, "text-after-fin": INSIDE,
    "no-timer-in-closing": SILENCE, "fin-resent-for-ever": PATIENCE, "tcb-not-deleted": INSIDE,
    "timer-left-running": INSIDE, "time-wait-heeds-rst": REACTION, "ack-answered-by-ack": CHOICE,
}  # fmt: skip

FORGED = {"blind-data", "blind-rst", "challenge-limit"}


def test_every_mutant_is_spoken_of() -> None:
    assert sorted({*SEEN, *UNSEEN}) == sorted(MUTANTS)
    assert not SEEN.keys() & UNSEEN.keys()


@pytest.mark.parametrize("mutant", SEEN)
def test_a_mutant_is_seen(mutant: str) -> None:
    scenario, host, reason = SEEN[mutant]
    verdicts = check_trace(run(loaded(scenario), mutant=mutant).trace, host)
    assert reason in {each.reason.id for verdict in verdicts for each in verdict.judgements}
    right = check_trace(run(loaded(scenario)).trace, host)
    if REASONS[reason].kind == NOT_EXPLAINED:
        firsts = [verdict.first.reason.id for verdict in verdicts if verdict.first is not None]
        assert firsts[0] == reason
        assert all(verdict.explained for verdict in right)
    else:
        assert sum(v.counts[REASONS[reason].kind] for v in verdicts) > sum(
            v.counts[REASONS[reason].kind] for v in right
        )


@pytest.mark.parametrize("mutant", UNSEEN)
def test_a_mutant_is_not_seen(mutant: str) -> None:
    naming = [name for name in NAMES if str(loaded(name).mutant).partition("@")[0] == mutant and name not in FORGED]
    for name in naming or ["lossy"]:
        trace = run(loaded(name), mutant=mutant).trace
        for host in trace.hosts:
            assert [each.reason.id for v in check_trace(trace, host) for each in v.of_kind(NOT_EXPLAINED)] == []
