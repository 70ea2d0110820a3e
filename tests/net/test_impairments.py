"""Impairments: their laws of chance against theory, their words, their bounds, their copies."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.net.impairments import (
    Corrupt,
    Duplicate,
    GilbertElliott,
    Impairment,
    Jitter,
    Loss,
    Reorder,
    StateLoss,
    netem,
    percent,
)
from tcpsim.net.packet import Packet
from tcpsim.net.rule import (
    AT_ONCE,
    CORRUPT,
    DELAY,
    DROP,
    DUPLICATE,
    HOLD,
    Described,
    Forks,
    Verdict,
    describe,
    fork_rules,
)
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpsim.net.rule import LinkRule

PACKET = Packet(1, ("192.0.2.1", 49152, "192.0.2.2", 80), segment("ACK", text=100))
MANY = 40_000


def verdicts(rule: LinkRule, packets: int = MANY, seed: int = 1) -> list[Verdict | None]:
    chance = random.Random(seed)
    return [rule(0, PACKET, chance) for _ in range(packets)]


def chosen(rule: LinkRule, packets: int = MANY, seed: int = 1) -> list[bool]:
    return [verdict is not None for verdict in verdicts(rule, packets, seed)]


def bursts(lost: list[bool]) -> list[int]:
    """How long the runs of lost packets are."""
    return [len(list(run)) for each, run in groupby(lost) if each]


def near(share: float, theory: float, packets: int = MANY) -> bool:
    """Whether a share of independent trials is within four standard deviations of theory."""
    return abs(share - theory) <= 4 * math.sqrt(theory * (1 - theory) / packets)


ONE_OF_EACH: list[Callable[[], Impairment]] = [
    lambda: Loss(0.2, 0.3),
    lambda: GilbertElliott(0.1, 0.4, 0.9, 0.01),
    lambda: StateLoss(0.1, 0.4, 0.1, 0.5, 0.05),
    lambda: Corrupt(0.3),
    lambda: Duplicate(0.3, 0.1, lag="5ms"),
    lambda: Reorder(0.5, 0.2, gap=3),
    lambda: Jitter("10ms", 0.25),
]


# ---------------------------------------------------------------------- chosen by chance


@pytest.mark.parametrize("make", [Loss, Corrupt, Duplicate, Reorder])
@pytest.mark.parametrize("probability", [0.001, 0.05, 0.5, 0.97])
def test_a_packet_is_chosen_with_the_probability(make: type[Loss], probability: float) -> None:
    assert near(sum(chosen(make(probability))) / MANY, probability)


@pytest.mark.parametrize("make", [Loss, Corrupt, Duplicate, Reorder])
def test_nothing_is_chosen_with_0_and_everything_with_1(make: type[Loss]) -> None:
    assert not any(chosen(make(0.0)))
    assert all(chosen(make(1.0)))
    assert not any(chosen(make(0.0, 0.5)))


def test_choices_without_correlation_are_independent() -> None:
    lengths = bursts(chosen(Loss(0.25)))
    assert sum(lengths) / len(lengths) == pytest.approx(1 / 0.75, rel=0.02)


@pytest.mark.parametrize("rho", [0.25, 0.5, 0.9])
def test_correlated_numbers_have_netem_s_variance_and_correlation(rho: float) -> None:
    """x' = (1-rho) u + rho x: mean 1/2, variance (1-rho)/(1+rho)/12, correlation rho."""
    chance, numbers = random.Random(3), Jitter("1ms", rho)
    drawn = [numbers._draw(chance) for _ in range(MANY)][100:]
    mean = sum(drawn) / len(drawn)
    variance = sum((x - mean) ** 2 for x in drawn) / len(drawn)
    covariance = sum((x - mean) * (y - mean) for x, y in pairwise(drawn)) / len(drawn)
    assert mean == pytest.approx(0.5, abs=0.02)
    assert variance == pytest.approx((1 - rho) / (1 + rho) / 12, rel=0.08)
    assert covariance / variance == pytest.approx(rho, abs=0.03)
    assert all(0 <= x < 1 for x in drawn)


def test_correlation_makes_small_losses_rarer_and_long_bursts_longer_as_in_netem() -> None:
    lost = chosen(Loss(0.1, 0.5))
    assert 0.0005 < sum(lost) / MANY < 0.002
    even = bursts(chosen(Loss(0.5, 0.8)))
    assert sum(even) / len(even) > 3


def test_a_smaller_loss_loses_some_of_what_a_greater_one_loses() -> None:
    some, more = chosen(Loss(0.01)), chosen(Loss(0.02))
    assert sum(some) < sum(more)
    assert all(greater for smaller, greater in zip(some, more, strict=True) if smaller)


# ---------------------------------------------------------------------- bursty loss


@pytest.mark.parametrize(("p", "r"), [(0.01, 0.25), (0.05, 0.5), (0.002, 0.1)])
def test_the_simple_gilbert_model_loses_p_of_p_plus_r_in_bursts_of_1_over_r(p: float, r: float) -> None:
    lost = chosen(GilbertElliott(p, r), 5 * MANY)
    lengths = bursts(lost)
    of_a_mean = 4 / math.sqrt(len(lengths))  # a geometric length varies about as much as it is long
    assert sum(lost) / len(lost) == pytest.approx(p / (p + r), rel=1.5 * of_a_mean)
    assert sum(lengths) / len(lengths) == pytest.approx(1 / r, rel=of_a_mean)
    assert len(lengths) == pytest.approx(len(lost) * p * r / (p + r), rel=of_a_mean)


def test_the_lengths_of_bursts_are_geometric() -> None:
    lengths = bursts(chosen(GilbertElliott(0.05, 0.25), 5 * MANY))
    for length in (1, 2, 3):
        assert near(sum(each == length for each in lengths) / len(lengths), 0.75 ** (length - 1) * 0.25, len(lengths))


def test_the_full_model_loses_by_the_state_it_finds() -> None:
    p, r, in_bad, in_good = 0.02, 0.2, 0.6, 0.005
    lost = chosen(GilbertElliott(p, r, in_bad, in_good), 5 * MANY)
    bad = p / (p + r)
    assert sum(lost) / len(lost) == pytest.approx(bad * in_bad + (1 - bad) * in_good, rel=0.06)


def test_without_r_the_model_is_independent_loss() -> None:
    rule = GilbertElliott(0.3)
    assert rule.r == 0.7
    lost = chosen(rule)
    assert near(sum(lost) / MANY, 0.3)
    lengths = bursts(lost)
    assert sum(lengths) / len(lengths) == pytest.approx(1 / 0.7, rel=0.03)


def test_the_packet_that_turns_the_state_bad_still_passes() -> None:
    always = GilbertElliott(1.0, 1.0)
    assert chosen(always, 6) == [False, True, False, True, False, True]


def test_state_loss_with_two_states_is_the_gilbert_model() -> None:
    lost = chosen(StateLoss(0.02, 0.25), 5 * MANY)
    lengths = bursts(lost)
    assert sum(lost) / len(lost) == pytest.approx(0.02 / 0.27, rel=0.06)
    assert sum(lengths) / len(lengths) == pytest.approx(4, rel=0.05)


def test_state_loss_keeps_its_stationary_shares() -> None:
    """Solved by hand: flows into and out of each of the four states balance."""
    p13, p31, p32, p23, p14 = 0.05, 0.2, 0.3, 0.4, 0.01
    share = {1: 1.0}
    share[4] = p14 * share[1]
    share[3] = p13 * share[1] / p31
    share[2] = p32 * share[3] / p23
    whole = sum(share.values())
    rule, chance = StateLoss(p13, p31, p32, p23, p14), random.Random(5)
    visits = dict.fromkeys(share, 0)
    for _ in range(5 * MANY):
        lost = rule(0, PACKET, chance) is not None
        assert lost == (rule.position in (3, 4))
        visits[rule.position] += 1
    for state, part in share.items():
        assert visits[state] / (5 * MANY) == pytest.approx(part / whole, rel=0.06)


def test_state_loss_of_p14_alone_never_loses_two_in_a_row() -> None:
    assert set(bursts(chosen(StateLoss(0.0, p14=0.5)))) == {1}


# ---------------------------------------------------------------------- delay and order


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_jitter_stays_within_its_bounds_around_none(rho: float) -> None:
    extras = [verdict.extra for verdict in verdicts(Jitter("10ms", rho)) if verdict is not None]
    assert len(extras) == MANY
    assert -10 * MS <= min(extras) < max(extras) < 10 * MS
    assert sum(extras) / MANY == pytest.approx(0, abs=0.2 * MS)


def test_jitter_is_uniform() -> None:
    extras = [verdict.extra for verdict in verdicts(Jitter("10ms")) if verdict is not None]
    for tenth in range(10):
        low = (2 * tenth - 10) * MS
        assert near(sum(low <= extra < low + 2 * MS for extra in extras) / MANY, 0.1)


def test_jitter_delays_without_a_word() -> None:
    verdict = Jitter("10ms")(0, PACKET, random.Random(1))
    assert verdict is not None
    assert (verdict.kind, verdict.by) == (DELAY, "")
    assert verdicts(Jitter(0), 3) == [None] * 3


def test_a_reordered_packet_arrives_at_once() -> None:
    assert set(verdicts(Reorder(1.0), 3)) == {Verdict(DELAY, "reordering 100%", AT_ONCE)}


def test_a_gap_is_how_many_packets_lie_from_one_reordered_to_the_next() -> None:
    assert chosen(Reorder(1.0, gap=5), 12) == [False, False, False, False, True] * 2 + [False, False]


def test_within_the_gap_no_packet_is_considered_and_after_it_each_is() -> None:
    picks = [number for number, pick in enumerate(chosen(Reorder(0.25, gap=5))) if pick]
    distances = [later - earlier for earlier, later in pairwise(picks)]
    assert min(distances) == 5
    assert sum(distances) / len(distances) == pytest.approx(4 + 1 / 0.25, rel=0.03)


# ---------------------------------------------------------------------- verdicts


def test_each_impairment_gives_its_kind_of_verdict_in_its_own_words() -> None:
    expected: dict[Impairment, Verdict] = {
        Loss(1.0): Verdict(DROP, "random loss 100%"),
        GilbertElliott(1.0, 0.0): Verdict(DROP, "bursty loss (p 100%, r 0%)"),
        StateLoss(1.0, 0.0): Verdict(DROP, "state loss (p13 100%, p31 0%, p32 0%, p23 100%, p14 0%)"),
        Corrupt(1.0): Verdict(CORRUPT, "corruption 100%"),
        Duplicate(1.0, lag="5ms"): Verdict(DUPLICATE, "duplication 100%", 5 * MS),
    }
    for rule, verdict in expected.items():
        assert verdicts(rule, 2)[1] == verdict


def test_a_verdict_is_a_value() -> None:
    verdict = Verdict(HOLD, "fault: swap", 3, 2)
    assert verdict == Verdict(HOLD, "fault: swap", 3, 2)
    assert hash(verdict) == hash(Verdict(HOLD, "fault: swap", 3, 2))
    assert verdict != Verdict(HOLD, "fault: swap", 3)
    assert verdict != "fault: swap"
    assert repr(verdict) == "<Verdict hold by 'fault: swap', extra 3, copies 2>"
    with pytest.raises(AttributeError):
        verdict.more = 1  # type: ignore[attr-defined]  # this is what must not be possible


# ---------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("rule", "words", "tc"),
    [
        (Loss(0.01), "random loss 1%", "loss random 1%"),
        (Loss("0.3%", "25%"), "random loss 0.3% (correlation 25%)", "loss random 0.3% 25%"),
        (Corrupt(0.001), "corruption 0.1%", "corrupt 0.1%"),
        (Duplicate(1), "duplication 100%", "duplicate 100%"),
        (Reorder(0.25, 0.5), "reordering 25% (correlation 50%)", "reorder 25% 50%"),
        (Reorder(0.25, gap=5), "reordering 25%, gap 5", "reorder 25% gap 5"),
        (Jitter("5ms", 0.25), "jitter 5ms (correlation 25%)", "delay 0s 5ms 25%"),
        (GilbertElliott(0.01, 0.25), "bursty loss (p 1%, r 25%)", "loss gemodel 1% 25% 100% 0%"),
        (GilbertElliott(0.9), "bursty loss (p 90%, r 10%)", "loss gemodel 90% 10% 100% 0%"),
        (
            GilbertElliott(0.01, 0.25, 0.5),
            "bursty loss (p 1%, r 25%, 1-h 50%)",
            "loss gemodel 1% 25% 50% 0%",
        ),
        (
            GilbertElliott(0.01, 0.25, 1, 0.001),
            "bursty loss (p 1%, r 25%, 1-h 100%, 1-k 0.1%)",
            "loss gemodel 1% 25% 100% 0.1%",
        ),
        (
            StateLoss(0.9),
            "state loss (p13 90%, p31 10%, p32 0%, p23 100%, p14 0%)",
            "loss state 90% 10% 0% 100% 0%",
        ),
    ],
)
def test_an_impairment_says_what_it_does_and_how_netem_would(rule: Impairment, words: str, tc: str) -> None:
    assert rule.describe() == describe(rule) == words
    assert rule.tc() == tc


def test_netem_s_words_for_a_whole_direction() -> None:
    def unheard(now: int, packet: Packet, chance: random.Random) -> None:
        """A rule that netem knows nothing of."""

    rules: list[LinkRule] = [Loss(0.01), unheard, Jitter("5ms"), Reorder(0.25)]
    assert netem(50 * MS, rules, rate=10_000_000, limit=100) == (
        "delay 50ms 5ms loss random 1% reorder 25% rate 10Mbit limit 100"
    )
    assert netem(90 * SECOND, []) == "delay 90s"
    assert netem(3_600_500 * MS, []) == "delay 3600.5s"
    assert netem(0, []) == ""


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.1, "10%"),
        (0.07, "7%"),
        (0.005, "0.5%"),
        (1e-7, "0.00001%"),
        (1 / 3, "33.33333333333333%"),
    ],
)
def test_percent(probability: float, words: str) -> None:
    assert percent(probability) == words


@given(st.floats(0, 1))
def test_percent_is_exact(probability: float) -> None:
    assert float(Decimal(percent(probability).removesuffix("%")) / 100) == probability


# ---------------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Loss(1.01), "expected a probability of random loss from 0% to 100%, not 1.01"),
        (lambda: Loss(-0.01), "expected a probability of random loss from 0% to 100%, not -0.01"),
        (lambda: Loss(math.nan), "expected a probability of random loss from 0% to 100%, not nan"),
        (lambda: Loss(True), "expected a probability of random loss from 0% to 100%, not True"),
        (lambda: Loss("1"), None),
        (lambda: Loss("lots"), "expected a probability of random loss from 0% to 100%, not 'lots'"),
        (lambda: Loss(0.1, 2), "expected a correlation of random loss from 0% to 100%, not 2"),
        (lambda: Corrupt(3), "expected a probability of corruption from 0% to 100%, not 3"),
        (lambda: Duplicate(3), "expected a probability of duplication from 0% to 100%, not 3"),
        (lambda: Duplicate(0.1, lag="soon"), "the lag of a copy: expected a duration such as 50ms"),
        (lambda: Duplicate(0.1, lag=-1), "the lag of a copy: expected a duration from 0 to one year"),
        (lambda: Reorder(3), "expected a probability of reordering from 0% to 100%, not 3"),
        (lambda: Reorder(0.1, gap=0), "expected a reordering gap of 1 to 1000000000 packets, not 0"),
        (lambda: Reorder(0.1, gap=True), "expected a reordering gap of 1 to 1000000000 packets, not True"),
        (lambda: Jitter("5"), "jitter: expected a duration such as 50ms"),
        (lambda: Jitter(-5), "jitter: expected a duration from 0 to one year"),
        (lambda: Jitter("5ms", 1.5), "expected a correlation of jitter from 0% to 100%, not 1.5"),
        (lambda: GilbertElliott(2), "expected a probability p (good to bad) of bursty loss from 0% to 100%, not 2"),
        (lambda: GilbertElliott(0, 2), "expected a probability r (bad to good) of bursty loss from 0% to 100%, not 2"),
        (lambda: GilbertElliott(0, 0, 2), "expected a probability 1-h (loss in the bad state) of bursty loss from"),
        (lambda: GilbertElliott(0, 0, 0, 2), "expected a probability 1-k (loss in the good state) of bursty loss from"),
        (lambda: StateLoss(2), "expected a probability p13 of state loss from 0% to 100%, not 2"),
        (lambda: StateLoss(0, 0, 0, 0, 2), "expected a probability p14 of state loss from 0% to 100%, not 2"),
        (lambda: StateLoss(0.6, p14=0.5), "expected the probabilities p13 and p14, and p31 and p32, of state loss"),
        (lambda: StateLoss(0.6, 0.6, 0.5), "expected the probabilities p13 and p14, and p31 and p32, of state loss"),
        (lambda: StateLoss(0.9, 0.7, 0.3, p14=0.1), None),
    ],
)
def test_what_is_out_of_range_says_what_was_expected(make: Callable[[], object], message: str | None) -> None:
    if message is None:
        make()
    else:
        with pytest.raises(ValueError, match="expected") as caught:
            make()
        assert str(caught.value).startswith(message)


# ---------------------------------------------------------------------- the same on every run


@pytest.mark.parametrize("make", ONE_OF_EACH)
def test_the_same_seed_gives_the_same_verdicts(make: Callable[[], Impairment]) -> None:
    assert verdicts(make(), 500) == verdicts(make(), 500)
    assert verdicts(make(), 500) != verdicts(make(), 500, seed=2)


@pytest.mark.parametrize("make", ONE_OF_EACH)
def test_only_random_is_asked(make: Callable[[], Impairment]) -> None:
    class OnlyRandom:
        """A generator of which nothing but `random` can be called."""

        def __init__(self) -> None:
            self.random = random.Random(1).random

    rule, chance = make(), OnlyRandom()
    asked: list[Verdict | None] = [rule(0, PACKET, chance) for _ in range(100)]  # type: ignore[arg-type]  # nothing more is needed
    assert asked == verdicts(make(), 100)


@pytest.mark.parametrize("make", ONE_OF_EACH)
@pytest.mark.parametrize("before", [0, 1, 2, 7])
def test_a_fork_goes_its_own_way_from_the_same_point(make: Callable[[], Impairment], before: int) -> None:
    rule = make()
    verdicts(rule, before)
    fork = rule.fork()
    assert type(fork) is type(rule)
    assert isinstance(rule, Forks)
    assert isinstance(rule, Described)
    again = rule.fork()
    assert verdicts(rule, 50, seed=9) == verdicts(fork, 50, seed=9)
    verdicts(rule, 13, seed=4)
    assert verdicts(again, 20, seed=9) == verdicts(make_again(make, before), 20, seed=9)


def make_again(make: Callable[[], Impairment], before: int) -> Impairment:
    rule = make()
    verdicts(rule, before)
    return rule


def test_forking_a_direction_s_rules_keeps_a_shared_rule_shared_and_functions_themselves() -> None:
    def plain(now: int, packet: Packet, chance: random.Random) -> Verdict | None:
        return None

    shared, own = Reorder(1.0, gap=2), Loss(0.5)
    copies: dict[int, LinkRule] = {}
    there, back = fork_rules([shared, own, plain], copies), fork_rules([shared], copies)
    assert there[0] is back[0] is not shared
    assert there[1] is not own
    assert there[2] is plain


def test_a_plain_function_is_described_by_its_name() -> None:
    def every_other_syn(now: int, packet: Packet, chance: random.Random) -> Verdict | None:
        return None

    class Nameless:
        def __call__(self, now: int, packet: Packet, chance: random.Random, /) -> Verdict | None:
            return None

    assert describe(every_other_syn) == "every other syn"
    assert describe(lambda _now, _packet, _chance: None) == "a function"
    assert describe(Nameless()) == "Nameless"
