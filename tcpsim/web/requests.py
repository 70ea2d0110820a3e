"""What a browser may ask for: an experiment with a scenario. Everything has a type, a size and no conversion.

What the words mean is not checked here: they go into a scenario's text, and the language reads them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MAX_BODY: Final = 64 * 1024
"""Octets of a request's body."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[\w.%/ -]+$")]
"""A value in the scenario language: 50ms, 10%, 1Mbit/s."""
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\w., -]+$")]
"""A selector in the scenario language: 2nd SYN,ACK from server."""
Index = Annotated[int, Field(ge=0, le=999)]


class Part(BaseModel):
    """What every part has in common: no key that is not known, and nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Impaired(Part):
    """Settings of a link, in both directions; what is not given stays."""

    delay: Word | None = None
    jitter: Word | None = None
    loss: Word | None = None
    duplicate: Word | None = None
    corrupt: Word | None = None
    reorder: Word | None = None
    rate: Word | None = None
    limit: Annotated[int, Field(ge=1, le=1_000_000)] | None = None

    def said(self) -> dict[str, Any]:
        """Return the settings that were given."""
        return self.model_dump(exclude_none=True)


class AddedFault(Part):
    """A fault on one link: what befalls the packets that the phrase selects."""

    link: Index = 0
    verb: Literal["drop", "delay", "duplicate", "corrupt"]
    phrase: Phrase
    by: Word | None = None

    def written(self) -> dict[str, Any]:
        """Return the fault as a scenario writes it."""
        return {self.verb: self.phrase} | ({"by": self.by or "1s"} if self.verb == "delay" else {})


class Experiment(Part):
    """A scenario by its name in the list, and what to change in it."""

    scenario: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    links: Annotated[dict[Annotated[int, Field(ge=0, le=999, strict=False)], Impaired], Field(max_length=50)] = {}
    knobs: Annotated[dict[Word, Word], Field(max_length=50)] = {}
    faults: Annotated[list[AddedFault], Field(max_length=50)] = []
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    profile: Literal["rfc9293", "plain", "freebsd", "linux"] | None = None
    narrow: bool = False
    """Whether the ladder is for a narrow screen; it changes nothing in the run."""

    @property
    def changes(self) -> bool:
        """Whether anything is to be changed."""
        return any((self.links, self.knobs, self.faults, self.seed is not None, self.profile))


def read_experiment(value: object) -> Experiment:
    """Return the experiment that JSON holds; ValueError, with a sentence for a person, if it is none."""
    try:
        return Experiment.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(each)[:40] for each in first["loc"][:6]) or "the request"
        raise ValueError(f"{place}: {first['msg']}") from None
