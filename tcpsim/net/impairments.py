"""Impairments: what a link does to packets by chance, in the vocabulary and with the semantics of netem.

Rule 1. Each class is one word of `tc qdisc ... netem`: `tc()` prints the words that ask Linux for
        the same, and the law by which packets are chosen is netem's, its quirks included.
Rule 2. Whether a packet is lost, copied, corrupted or delayed, asking costs the same number of draws:
        with one seed, the packets that 1 % loss drops are among those that 2 % drops.
Rule 3. Probabilities are compared, and times are ints: no float ever holds a time.

A constant delay, a rate and a limit of the queue are the link's own and no rules. Those here are
meant to be asked in the order loss, duplicate, corrupt, jitter, reorder.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from ..tcp.units import MINUTE, SECOND, format_duration, format_rate, parse_duration, parse_probability
from .rule import AT_ONCE, CORRUPT, DELAY, DROP, DUPLICATE, Verdict

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from ..tcp.units import Time
    from .packet import Packet
    from .rule import LinkRule


def percent(probability: float) -> str:
    """Print a probability the shortest exact way a person writes it: "1%", "0.05%"."""
    hundredfold = f"{_written(probability) * 100:f}"
    return f"{hundredfold.rstrip('0').rstrip('.') if '.' in hundredfold else hundredfold}%"


Probability = str | float
"""A number in [0, 1], or what a person writes for it: "1%"."""


def _probability(value: Probability, what: str) -> float:
    try:
        return parse_probability(value)
    except ValueError:
        raise ValueError(f"expected {what} from 0% to 100%, not {value!r}") from None


def _rest(probability: float) -> float:
    """Return 1 - `probability`, as exactly as it is written."""
    return float(1 - _written(probability))


def _written(probability: float) -> Decimal:
    return Decimal(repr(probability))


def _duration(value: str | int, what: str) -> Time:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None


class _Impairment:
    """A rule that remembers numbers only."""

    __slots__ = ()

    def fork(self) -> Self:
        """Return an independent copy, which remembers the same."""
        return copy.copy(self)


class _Correlated(_Impairment):
    """A rule on netem's correlated random numbers: a share `correlation` of each is the one before.

    The numbers then gather around one half, so that a small probability is met more rarely than it
    says, in netem as here: with a correlation of 50 %, a loss of 10 % loses one packet in a thousand.

    Attributes:
        correlation: how much a draw depends on the one before, in [0, 1].
    """

    __slots__ = ("_last", "correlation")

    _word = ""

    def __init__(self, correlation: Probability = 0.0) -> None:
        self.correlation = _probability(correlation, f"a correlation of {self._word}")
        self._last: float | None = None

    def _draw(self, chance: random.Random) -> float:
        """Return the next number, in [0, 1)."""
        rho = self.correlation
        if not rho:
            return chance.random()
        last = chance.random() if self._last is None else self._last
        drawn = self._last = chance.random() * (1.0 - rho) + last * rho
        return drawn

    def _with_correlation(self, words: str) -> str:
        return f"{words} (correlation {percent(self.correlation)})" if self.correlation else words


class _ByChance(_Correlated):
    """A rule that chooses each packet with a probability, and decides alike about all it chooses.

    Attributes:
        probability: how probable it is that a packet is chosen, in [0, 1].
    """

    __slots__ = ("probability", "verdict")

    _tc_word = ""
    _kind = 0

    def __init__(self, probability: Probability, correlation: Probability = 0.0) -> None:
        super().__init__(correlation)
        self.probability = _probability(probability, f"a probability of {self._word}")
        self.verdict = Verdict(self._kind, self.describe())

    def __call__(self, now: Time, packet: Packet, chance: random.Random, /) -> Verdict | None:
        """Choose the packet, or let it pass (None)."""
        drawn = self._draw(chance) if self.correlation else chance.random()
        return self.verdict if drawn < self.probability else None

    def describe(self) -> str:
        """Return the words for the trace: "random loss 1%"."""
        return self._with_correlation(f"{self._word} {percent(self.probability)}")

    def tc(self) -> str:
        """Return netem's words for the same."""
        return _tc(self._tc_word, self.probability, *([self.correlation] if self.correlation else []))


class Loss(_ByChance):
    """Loses a packet with a probability: netem's `loss random`.

    Raises ValueError for a probability or correlation outside [0, 1].
    """

    __slots__ = ()

    _word = "random loss"
    _tc_word = "loss random"
    _kind = DROP


class Corrupt(_ByChance):
    """Inverts a bit of a packet with a probability: netem's `corrupt`.

    TCP's checksum finds every single inverted bit, so the receiving host discards the packet.

    Raises ValueError for a probability or correlation outside [0, 1].
    """

    __slots__ = ()

    _word = "corruption"
    _tc_word = "corrupt"
    _kind = CORRUPT


class Duplicate(_ByChance):
    """Makes one copy of a packet with a probability: netem's `duplicate`.

    Unlike netem, which sends the copy through all its rules again, the copy only follows its
    original by `lag` nanoseconds.

    Raises ValueError for a probability or correlation outside [0, 1] and for a lag that is no duration.
    """

    __slots__ = ("lag",)

    _word = "duplication"
    _tc_word = "duplicate"
    _kind = DUPLICATE

    def __init__(self, probability: Probability, correlation: Probability = 0.0, *, lag: str | int = 0) -> None:
        super().__init__(probability, correlation)
        self.lag = _duration(lag, "the lag of a copy")
        self.verdict = Verdict(DUPLICATE, self.describe(), self.lag)


class Reorder(_ByChance):
    """Sends a packet at once, past those that wait for the link's delay: netem's `reorder`, with `gap`.

    Of each `gap` packets the first `gap` - 1 are not considered; each further one is chosen with the
    probability, until one is, and counting begins anew. With gap 5 and probability 1, every fifth
    packet overtakes. On a link without delay there is nobody to overtake.

    Raises ValueError for a probability or correlation outside [0, 1] and for a gap below 1.
    """

    __slots__ = ("_delayed", "gap")

    _word = "reordering"
    _tc_word = "reorder"
    _kind = DELAY

    def __init__(self, probability: Probability, correlation: Probability = 0.0, *, gap: int = 1) -> None:
        if type(gap) is not int or not 1 <= gap <= 1_000_000_000:
            raise ValueError(f"expected a reordering gap of 1 to 1000000000 packets, not {gap!r}")
        self.gap = gap
        self._delayed = 0
        super().__init__(probability, correlation)
        self.verdict = Verdict(DELAY, self.describe(), AT_ONCE)

    def __call__(self, now: Time, packet: Packet, chance: random.Random, /) -> Verdict | None:
        """Send the packet at once, or let it wait as the others do (None)."""
        if self._delayed < self.gap - 1 or self._draw(chance) >= self.probability:
            self._delayed += 1
            return None
        self._delayed = 0
        return self.verdict

    def describe(self) -> str:
        """Return the words for the trace: "reordering 25%, gap 5"."""
        return super().describe() + (f", gap {self.gap}" if self.gap > 1 else "")

    def tc(self) -> str:
        """Return netem's words for the same."""
        return super().tc() + (f" gap {self.gap}" if self.gap > 1 else "")


class Jitter(_Correlated):
    """Varies the delay, uniformly from `jitter` less to `jitter` more: netem's `delay TIME JITTER`.

    A packet may overtake another where the delay varies by more than lies between them, as in netem.
    The verdict has no words: a delay that every packet meets is no event.

    Attributes:
        jitter: nanoseconds.

    Raises ValueError for a jitter that is no duration and for a correlation outside [0, 1].
    """

    __slots__ = ("jitter",)

    _word = "jitter"

    def __init__(self, jitter: str | int, correlation: Probability = 0.0) -> None:
        super().__init__(correlation)
        self.jitter = _duration(jitter, "jitter")

    def __call__(self, now: Time, packet: Packet, chance: random.Random, /) -> Verdict | None:
        """Delay the packet more or less than the link does."""
        if not self.jitter:
            return None
        return Verdict(DELAY, "", int(self._draw(chance) * (2 * self.jitter)) - self.jitter)

    def describe(self) -> str:
        """Return the words for a person: "jitter 5ms"."""
        return self._with_correlation(f"jitter {format_duration(self.jitter)}")

    def tc(self, delay: Time = 0) -> str:
        """Return netem's words for the same; netem states delay and jitter together."""
        words = f"delay {_tc_time(delay)} {_tc_time(self.jitter)}"
        return f"{words} {percent(self.correlation)}" if self.correlation else words


class GilbertElliott(_Impairment):
    """Loses packets in bursts: netem's `loss gemodel p [r [1-h [1-k]]]`.

    A chain of two states. With each packet the good one turns bad with probability `p`, the bad one
    good with probability `r`; a packet is lost with a probability that depends on the state that it
    finds. Under the defaults a burst is 1/r packets long on average, and p/(p + r) of all are lost.

    Attributes:
        p: probability of turning from good to bad.
        r: probability of turning from bad to good; 1 - p if not given, which makes losses independent.
        loss_in_bad: 1-h, the probability of loss in the bad state.
        loss_in_good: 1-k, the probability of loss in the good state.
        bad: whether the state is the bad one.

    Raises ValueError for a probability outside [0, 1].
    """

    __slots__ = ("bad", "loss_in_bad", "loss_in_good", "p", "r", "verdict")

    def __init__(
        self,
        p: Probability,
        r: Probability | None = None,
        loss_in_bad: Probability = 1.0,
        loss_in_good: Probability = 0.0,
    ) -> None:
        self.p = _probability(p, "a probability p (good to bad) of bursty loss")
        self.r = _rest(self.p) if r is None else _probability(r, "a probability r (bad to good) of bursty loss")
        self.loss_in_bad = _probability(loss_in_bad, "a probability 1-h (loss in the bad state) of bursty loss")
        self.loss_in_good = _probability(loss_in_good, "a probability 1-k (loss in the good state) of bursty loss")
        self.bad = False
        self.verdict = Verdict(DROP, self.describe())

    def __call__(self, now: Time, packet: Packet, chance: random.Random, /) -> Verdict | None:
        """Lose the packet, or let it pass (None), and move the chain along."""
        turns, fate = chance.random(), chance.random()
        if self.bad:
            self.bad = turns >= self.r
            lost = fate < self.loss_in_bad
        else:
            self.bad = turns < self.p
            lost = fate < self.loss_in_good
        return self.verdict if lost else None

    def describe(self) -> str:
        """Return the words for the trace: "bursty loss (p 1%, r 25%)"."""
        words = f"p {percent(self.p)}, r {percent(self.r)}"
        if self.loss_in_bad < 1.0 or self.loss_in_good > 0.0:
            words += f", 1-h {percent(self.loss_in_bad)}"
        if self.loss_in_good > 0.0:
            words += f", 1-k {percent(self.loss_in_good)}"
        return f"bursty loss ({words})"

    def tc(self) -> str:
        """Return netem's words for the same."""
        return _tc("loss gemodel", self.p, self.r, self.loss_in_bad, self.loss_in_good)


class StateLoss(_Impairment):
    """Loses packets by a chain of four states: netem's `loss state p13 [p31 [p32 [p23 [p14]]]]`.

    State 1 is a gap, in which packets pass; 4 is one packet lost alone in a gap; 3 is a burst, in
    which packets are lost; 2 is one received within a burst. A packet moves the chain along, and
    then is lost in the states 3 and 4.

    Attributes:
        p13, p31, p32, p23, p14: probabilities of going from the first state to the second; p31 is
            1 - p13 if not given.
        position: the state that the last packet led to, 1 to 4.

    Raises ValueError for a probability outside [0, 1], and where p13 + p14 or p31 + p32 exceed 1.
    """

    __slots__ = ("p13", "p14", "p23", "p31", "p32", "position", "verdict")

    def __init__(
        self,
        p13: Probability,
        p31: Probability | None = None,
        p32: Probability = 0.0,
        p23: Probability = 1.0,
        p14: Probability = 0.0,
    ) -> None:
        self.p13 = _probability(p13, "a probability p13 of state loss")
        self.p31 = _rest(self.p13) if p31 is None else _probability(p31, "a probability p31 of state loss")
        self.p32 = _probability(p32, "a probability p32 of state loss")
        self.p23 = _probability(p23, "a probability p23 of state loss")
        self.p14 = _probability(p14, "a probability p14 of state loss")
        if _written(self.p13) + _written(self.p14) > 1 or _written(self.p31) + _written(self.p32) > 1:
            raise ValueError(
                "expected the probabilities p13 and p14, and p31 and p32, of state loss to make 100% at most"
            )
        self.position = 1
        self.verdict = Verdict(DROP, self.describe())

    def __call__(self, now: Time, packet: Packet, chance: random.Random, /) -> Verdict | None:
        """Move the chain along, and lose the packet or let it pass (None)."""
        drawn = chance.random()
        if self.position == 1:
            self.position = 4 if drawn < self.p14 else 3 if drawn < self.p14 + self.p13 else 1
        elif self.position == 2:
            self.position = 3 if drawn < self.p23 else 2
        elif self.position == 3:
            self.position = 2 if drawn < self.p32 else 1 if drawn < self.p32 + self.p31 else 3
        else:
            self.position = 1
        return self.verdict if self.position >= 3 else None

    def describe(self) -> str:
        """Return the words for the trace: "state loss (p13 1%, p31 25%, p32 0%, p23 100%, p14 0%)"."""
        names = ("p13", "p31", "p32", "p23", "p14")
        return f"state loss ({', '.join(f'{name} {percent(getattr(self, name))}' for name in names)})"

    def tc(self) -> str:
        """Return netem's words for the same."""
        return _tc("loss state", self.p13, self.p31, self.p32, self.p23, self.p14)


Impairment = Loss | GilbertElliott | StateLoss | Corrupt | Duplicate | Jitter | Reorder


def netem(delay: Time, rules: Iterable[LinkRule], *, rate: int | None = None, limit: int | None = None) -> str:
    """Return the arguments of netem that ask Linux for the same, "" where there is nothing to ask for.

    `delay` is in nanoseconds, `rate` in bits per second, `limit` in packets. Faults and plain functions
    have no like in netem and are left out.
    """
    impairments = [rule for rule in rules if isinstance(rule, Impairment)]
    jitter = [rule for rule in impairments if isinstance(rule, Jitter)]
    words = [rule.tc(delay) for rule in jitter] or ([f"delay {_tc_time(delay)}"] if delay else [])
    words += [rule.tc() for rule in impairments if not isinstance(rule, Jitter)]
    words += [f"rate {format_rate(rate).removesuffix('/s')}"] if rate is not None else []
    words += [f"limit {limit}"] if limit is not None else []
    return " ".join(words)


def _tc(word: str, first: float, *others: float) -> str:
    """Return a word of netem with its probabilities."""
    return " ".join((word, *map(percent, (first, *others))))


def _tc_time(time: Time) -> str:
    """Print a time for tc, which knows neither minutes nor hours."""
    return format_duration(time) if time < MINUTE else f"{Decimal(time) / SECOND:f}s"
