"""What a scenario file may contain: the types that validate it and from which its JSON Schema is made.

Rule 1. Every key that the language has stands here once, with the sentence that an editor shows.
Rule 2. A key that is not here is refused.
Rule 3. Only shapes are checked here. Whether hosts, connections and links are the right ones is asked
        afterwards, in `loading`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from ..net.listener import COOKIES, MAX_BACKLOG, OVERFLOWS
from ..net.middlebox import IDLE, TRANSITORY, UNKNOWN
from ..net.mtu import LEAST, MOST
from ..tcp.config import KNOBS, PROFILES
from ..tcp.units import HOUR
from .values import (
    MAX_LIST,
    MAX_SEND,
    MAX_TEXT,
    ConnectionName,
    Count,
    CounterName,
    DeliveredText,
    Duration,
    EventPhrase,
    From,
    GoalPhrase,
    InjectedPhrase,
    LinePhrase,
    ListenerKey,
    MutantName,
    Name,
    OccurrenceKey,
    OccurrencePhrase,
    Outage,
    PartyKey,
    Port,
    PortRange,
    Probability,
    PropertyName,
    Rate,
    SelectorPhrase,
    SignalName,
    StandingPhrase,
    StatesReached,
    Switch,
    TimerPhrase,
    To,
    knob_type,
)  # fmt: skip

FAULTS: Final = ("drop", "delay", "duplicate", "corrupt", "swap", "down")
"""What a fault can do; each fault does one."""

MOST_FAULTS: Final = 8
"""The most faults within which an exploration tries everything."""
MOST_GOALS: Final = 15
"""The most entries of `eventually`."""


class Part(BaseModel):
    """A part of a scenario file: unknown keys are refused, nothing is converted, nothing changes."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, use_attribute_docstrings=True
    )


# ---------------------------------------------------------------------- hosts


class _KnobSet(Part):
    @property
    def knobs(self) -> dict[str, Any]:
        """The knobs that are written, and their values."""
        return {name: getattr(self, name) for name in KNOBS if name in self.model_fields_set}


_KNOB_FIELDS: Final[dict[str, Any]] = {name: (knob_type(knob), None) for name, knob in KNOBS.items()}
_PROFILE: Any = Literal.__getitem__(tuple(PROFILES))  # the choices are data
_OVERFLOW: Any = Literal.__getitem__(tuple(OVERFLOWS))
_COOKIES: Any = Literal.__getitem__(tuple(COOKIES))
_UNKNOWN: Any = Literal.__getitem__(UNKNOWN)

Knobs: Any = create_model("Knobs", __base__=_KnobSet, __doc__="Knobs of endpoints, by name.", **_KNOB_FIELDS)
Host: Any = create_model(
    "Host",
    __base__=_KnobSet,
    __doc__="A host: its profile, its address, and knobs of its endpoints.",
    address=(str | None, Field(None, description="Its address, IPv4 or IPv6; by default 192.0.2.1, 192.0.2.2, ...")),
    ports=(
        PortRange | None,
        Field(None, description="Its ephemeral ports, for calls that name none; by default 49152..65535."),
    ),
    loopback=(Duration, Field(0, description="How long a packet from the host to itself takes.")),
    profile=(_PROFILE | None, Field(None, description="Its profile; by default the scenario's.")),
    **_KNOB_FIELDS,
)


# ---------------------------------------------------------------------- links


class BurstyLoss(Part):
    """Loss in bursts, by a chain of two states: netem's `loss gemodel`."""

    p: Probability
    """Probability of turning from good to bad, with each packet."""
    r: Probability | None = None
    """Probability of turning from bad to good; by default 1 - p."""
    loss_in_bad: Probability = 1.0
    """1-h, the probability of loss in the bad state."""
    loss_in_good: Probability = 0.0
    """1-k, the probability of loss in the good state."""


class StateLoss(Part):
    """Loss by a chain of four states: netem's `loss state`."""

    p13: Probability
    """From receiving in a gap to losing in a burst."""
    p31: Probability | None = None
    """From losing in a burst to receiving in a gap; by default 1 - p13."""
    p32: Probability = 0.0
    """From losing in a burst to receiving in a burst."""
    p23: Probability = 1.0
    """From receiving in a burst to losing in a burst."""
    p14: Probability = 0.0
    """From receiving in a gap to a single loss."""


class Impairments(Part):
    """What one direction of a link does to packets; by chance, except for delay, rate and limit."""

    delay: Duration | None = None
    """How long a packet takes; by default 50ms."""
    jitter: Duration | None = None
    """The delay varies by so much up and down."""
    jitter_correlation: Probability = 0.0
    """How much a packet's jitter depends on that of the one before."""
    loss: Probability | None = None
    """Probability that a packet is lost."""
    loss_correlation: Probability = 0.0
    """How much a packet's loss depends on that of the one before."""
    bursty_loss: BurstyLoss | None = None
    """Loss in bursts (Gilbert-Elliott)."""
    state_loss: StateLoss | None = None
    """Loss by a chain of four states."""
    duplicate: Probability | None = None
    """Probability that a packet is copied."""
    duplicate_correlation: Probability = 0.0
    """How much that depends on the packet before."""
    duplicate_lag: Duration = 0
    """How far a copy follows behind its original."""
    corrupt: Probability | None = None
    """Probability that a packet arrives with a wrong checksum."""
    corrupt_correlation: Probability = 0.0
    """How much that depends on the packet before."""
    reorder: Probability | None = None
    """Probability that a packet overtakes those before it."""
    reorder_correlation: Probability = 0.0
    """How much that depends on the packet before."""
    reorder_gap: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Only each so-many-th packet may overtake."""
    rate: Rate | None = None
    """Bits per second."""
    limit: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    """How many packets may wait for the rate before one is dropped."""
    mtu: Annotated[int, Field(ge=LEAST, le=MOST)] | None = None
    """The largest datagram that passes unfragmented, in octets; by default any does."""
    icmp: Switch = True
    """Whether the sender of a larger one is told of the MTU; off: somebody filters ICMP."""
    clamp_mss: Switch = False
    """Whether the MSS in SYNs that pass is lowered to what fits into the MTU."""


class Fault(Part):
    """Something that befalls the packets that are named: one of drop, delay, duplicate, corrupt, swap, down."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [verb]} for verb in FAULTS]})

    drop: SelectorPhrase | None = None
    """These packets are lost."""
    delay: SelectorPhrase | None = None
    """These packets take longer, `by` so much."""
    by: Duration | None = None
    """How much longer."""
    duplicate: SelectorPhrase | None = None
    """These packets are copied."""
    copies: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many copies."""
    lag: Duration = 0
    """How far each copy follows behind the packet before."""
    corrupt: SelectorPhrase | None = None
    """These packets arrive with a wrong checksum."""
    swap: SelectorPhrase | None = None
    """These packets wait until the next of their direction has overtaken them."""
    at_most: Duration = 0
    """How long they wait for a next; by default 10s."""
    down: Outage | None = None
    """The link loses everything, for a while."""


class _Middlebox(Part):
    inside: Name | None = None
    """The host behind it; by default the first of `between`."""
    idle: Duration = IDLE
    """After how much silence it forgets a connection."""
    transitory: Duration = TRANSITORY
    """The same for a connection that is half open, or closed; at most `idle`."""
    unknown: _UNKNOWN = "drop"
    """What becomes of a packet of no connection: drop, or reset (its sender gets a RST)."""


class Nat(_Middlebox):
    """A NAT: the host inside has another address outside."""

    address: str
    """The address outside; links with the same one share one NAT."""


class Firewall(_Middlebox):
    """A stateful firewall: connections are opened from inside, or to ports that it allows."""

    allow: Annotated[list[Port], Field(max_length=MAX_LIST)] = Field(default_factory=list)
    """Ports inside that may be connected to from outside."""
    forbidden: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """A text: the first segment in which it stands passes, and both ends get a RST behind it."""


class Link(Impairments):
    """A link between two hosts. What stands here holds in both directions; `toward` says what differs in one."""

    between: Annotated[list[Name], Field(min_length=2, max_length=2)]
    """The two hosts."""
    toward: dict[Name, Impairments] | None = None
    """What differs in the direction to a host."""
    faults: Annotated[list[Fault], Field(max_length=MAX_LIST)] = Field(default_factory=list)
    """What befalls the packets that are named; counted on this link."""
    nat: Nat | None = None
    """A NAT in the middle of the link."""
    firewall: Firewall | None = None
    """A stateful firewall in the middle of the link."""


# ---------------------------------------------------------------------- the script


class Step(Part):
    """A line of the script. Without `at` and `when` it follows the step before, at the same time.

    `wait` postpones it further.
    """

    at: Duration | None = None
    """The virtual time of the step."""
    when: EventPhrase | None = None
    """The event that the step waits for, wherever in the run it happens."""
    wait: Duration = 0
    """How long to wait after `when`, or after the step before."""


class _OfHost(Step):
    host: Name
    """The host whose application makes the call."""


class _OfConnection(_OfHost):
    on: ConnectionName | None = None
    """The connection: a name given with `as`, or its number at the host; by default the host's latest."""


class _Opening(_OfHost):
    as_: Name | None = Field(None, alias="as")
    """A name for the connection, for `on`, events and expectations."""
    knobs: Knobs | None = None
    """Knobs of this connection alone."""


class Listen(_Opening):
    """Wait for connections at a port: each SYN makes one."""

    call: Literal["listen"]
    port: Port
    reuse_address: Switch = True
    """Off: refused where connections of an earlier listener are left at the port, as `bind` without SO_REUSEADDR is."""
    reading: Switch = True
    """Whether the application takes data as it arrives, or only with `receive`."""
    backlog: Annotated[int, Field(ge=0, le=MAX_BACKLOG)] | None = None
    """How many connections wait for `accept`; without it, the application accepts each at once."""
    syn_backlog: Annotated[int, Field(ge=1, le=MAX_BACKLOG)] | None = None
    """How many connections may be half open, in SYN-RECEIVED; by default any number."""
    overflow: _OVERFLOW = "drop ack"
    """What a full accept queue does to the end of a handshake: ignore it, reset it, or let it in. SYNs are dropped."""
    syn_cookies: _COOKIES = "off"
    """Whether SYNs are answered with cookies: never, when too many connections are half open, or always."""


class Accept(_OfHost):
    """Accept the connection that has waited longest at a listener with a backlog, or the next that comes."""

    call: Literal["accept"]
    port: Port | None = None
    """The port of the listener; by default the host's latest."""
    as_: Name | None = Field(None, alias="as")
    """A name for the connection that is accepted."""


class ShowQueues(_OfHost):
    """Write on the ladder how full a listener's queues are, as `ss` shows them."""

    call: Literal["ss"]
    port: Port | None = None
    """The port of the listener; by default the host's latest."""


class Connect(_Opening):
    """Open a connection."""

    call: Literal["connect"]
    to: To
    port: Port | None = None
    """The local port; by default the next free one from 49152."""
    data: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """What is sent first: once ESTABLISHED, or with the SYN (Fast Open)."""
    reading: Switch = True
    """Whether the application takes data as it arrives, or only with `receive`."""


class Open(_Opening):
    """OPEN as RFC 9293 3.10.1 has it: one connection, active or passive, from a chosen port."""

    call: Literal["open"]
    port: Port
    active: bool
    """True: send a SYN at once. False: wait in LISTEN."""
    to: To | None = None
    """The remote socket; needed if active."""
    reading: Switch = True
    """Whether the application takes data as it arrives, or only with `receive`."""


class Send(_OfConnection):
    """SEND: `data` as text, or `octets` that are only counted."""

    call: Literal["send"]
    data: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """The text."""
    octets: Annotated[int, Field(ge=1, le=MAX_SEND)] | None = None
    """How many octets."""
    push: bool = True
    """Whether the PUSH flag is set."""
    urgent: bool = False
    """Whether the data is urgent."""


class Receive(_OfConnection):
    """RECEIVE: take what has arrived."""

    call: Literal["receive"]
    limit: Annotated[int, Field(ge=1, le=MAX_SEND)] | None = None
    """At most so many octets."""


class Read(_OfConnection):
    """Let the application take data as it arrives, or stop doing so."""

    call: Literal["read"]
    reading: Switch


class Close(_OfConnection):
    """CLOSE: no more data to send; a FIN goes out behind what is queued. Or, with `port`: stop listening."""

    call: Literal["close"]
    port: Port | None = None
    """The port at which the host stops listening; its connections live on. In place of `on`."""


class Abort(_OfConnection):
    """ABORT: a RST, and the connection is gone."""

    call: Literal["abort"]


class Status(_OfConnection):
    """STATUS: ask for the state of the connection."""

    call: Literal["status"]


class OpenUdp(_OfHost):
    """Open a UDP socket at a port: datagrams that come to it are received."""

    call: Literal["open udp"]
    port: Port


class SendTo(_OfHost):
    """Send one UDP datagram: `data` as text, or `octets` that are only counted."""

    call: Literal["send to"]
    to: To
    data: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """The text."""
    octets: Annotated[int, Field(ge=0, le=MAX_SEND)] | None = None
    """How many octets; 65507 are the most."""
    port: Port | None = None
    """From which of the host's ports; by default from its latest UDP socket, or the next free port from 49152."""


class CloseUdp(_OfHost):
    """Close the UDP socket at a port."""

    call: Literal["close udp"]
    port: Port


class Crash(_OfHost):
    """The host loses all its connections and listeners, in silence."""

    call: Literal["crash"]
    down: bool = False
    """Whether it stays down until `restart`; by default it is up again at once."""


class Restart(_OfHost):
    """The host comes up after a crash; one that is up crashes first."""

    call: Literal["restart"]
    quiet: bool = False
    """Whether its TCP keeps quiet for an MSL: nothing is answered, and `connect` waits."""


class Inject(Step):
    """Put a segment on the network that nobody sent: an old duplicate, or an attacker's."""

    call: Literal["inject"]
    segment: InjectedPhrase
    from_: From = Field(alias="from")
    """Whose it pretends to be; without a port, that of the host's latest connection."""
    to: From
    """To whom; without a port, that of the host's latest connection."""
    via: Name | None = None
    """The host at whose end of the link it enters; by default that of `from`."""
    data: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """Its text."""
    repeat: Annotated[int, Field(ge=1, le=MAX_LIST)] = 1
    """How often it is sent; each time from the next address, if `from` is an address and no host's."""
    every: Duration = 0
    """How far behind one another."""
    stride: Annotated[int, Field(ge=1, le=(1 << 32) - 1)] | None = None
    """By how much SEG.SEQ grows each time: the guesses of somebody who can't see the numbers."""


class Remark(Step):
    """A sentence for the ladder."""

    call: Literal["note"]
    text: Annotated[str, Field(min_length=1, max_length=200)]
    """The sentence."""
    host: Name | None = None
    """At whose side it stands; by default the first host's."""


AnyStep = Annotated[
    Listen
    | Accept
    | ShowQueues
    | Connect
    | Open
    | Send
    | Receive
    | Read
    | Close
    | Abort
    | Status
    | OpenUdp
    | SendTo
    | CloseUdp
    | Crash
    | Restart
    | Inject
    | Remark,
    Field(discriminator="call"),
]


# ---------------------------------------------------------------------- expectations


Pieces = Annotated[list[DeliveredText], Field(max_length=MAX_LIST)]
Counters = Annotated[dict[CounterName, Count], Field(min_length=1)]


class QueueLengths(Part):
    """The most connections that ever were in the queues of a listener at the same time."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    half_open: Count | None = None
    """In the SYN queue."""
    waiting: Count | None = None
    """In the accept queue."""


class Expect(Part):
    """What must be so when the run has ended."""

    segments: Annotated[list[LinePhrase], Field(max_length=MAX_LIST)] | None = None
    """Every segment sent, in order of sending, as the ladder prints them."""
    includes: Annotated[list[LinePhrase], Field(min_length=1, max_length=MAX_LIST)] | None = None
    """Segments that are sent in this order; others may lie between."""
    never: Annotated[list[OccurrencePhrase], Field(min_length=1, max_length=MAX_LIST)] | None = None
    """What must not happen."""
    count: Annotated[dict[OccurrenceKey, Count], Field(min_length=1)] | None = None
    """How often something happens."""
    states: Annotated[dict[PartyKey, StatesReached], Field(min_length=1)] | None = None
    """Every state on a connection's path, in order; or only the last one."""
    timers: Annotated[list[TimerPhrase], Field(min_length=1, max_length=MAX_LIST)] | None = None
    """What timers do, and when."""
    delivered: Annotated[dict[PartyKey, DeliveredText], Field(min_length=1)] | None = None
    """What the application has received: the text, or how many octets."""
    reads: Annotated[dict[PartyKey, Pieces], Field(min_length=1)] | None = None
    """What the application of a connection got at each reading, in order: the text, or how many octets."""
    datagrams: Annotated[dict[PartyKey, Pieces], Field(min_length=1)] | None = None
    """The UDP datagrams that a host's application has received, in order: the text of each, or how many octets."""
    signals: Annotated[dict[PartyKey, list[SignalName]], Field(min_length=1)] | None = None
    """Everything that the application is told, in order."""
    counters: Annotated[dict[Name, Counters], Field(min_length=1)] | None = None
    """What a host has counted, by the names of `nstat`."""
    queues: Annotated[dict[ListenerKey, QueueLengths], Field(min_length=1)] | None = None
    """The most connections that ever were in a listener's queues."""
    errors: Annotated[dict[PartyKey, list[str]], Field(min_length=1)] | None = None
    """Every error that a call returns, in order, in the RFC's words. Without it, an error is a failure."""
    ends: Literal["idle", "until", "event limit", "record limit"] | None = None
    """How the run ends: idle (nothing is left to happen; the default), or at a limit."""


# ---------------------------------------------------------------------- explorations


class Explore(Part):
    """How `tcpsim explore` explores the scenario, and what is asked of it; a run is asked what is named here, too."""

    faults: Annotated[int, Field(ge=0, le=MOST_FAULTS)] = 2
    """The bound: within how many faults everything is tried."""
    order: Literal["kept", "free"] = "kept"
    """Whether a segment that is overtaken is a fault, or segments arrive in any order for nothing."""
    timers: Literal["quiet", "any"] = "quiet"
    """Whether a timer that expires while segments are under way is a fault, or timers expire at any moment."""
    symmetric: Switch = False
    """Whether two states that are each other's mirror image are one; both hosts have to do the same."""
    always: Annotated[list[PropertyName], Field(max_length=MAX_LIST)] | None = None
    """Properties, by name or number; by default all that there are, in a run none."""
    never: Annotated[list[StandingPhrase], Field(min_length=1, max_length=MAX_LIST)] | None = None
    """States that the hosts are never in at the same time."""
    eventually: Annotated[list[GoalPhrase], Field(min_length=1, max_length=MOST_GOALS)] | None = None
    """What some way leads to without a further fault, once all calls are made; a run has to end there."""


# ---------------------------------------------------------------------- questions


_Line = Annotated[str, Field(min_length=1, max_length=200)]


class Quiz(Part):
    """A question to ask before the run is seen to its end."""

    ask: Annotated[str, Field(min_length=1, max_length=300)]
    """What is going to happen?"""
    until: EventPhrase
    """The ladder is shown up to this event, and hidden from it on."""
    choices: Annotated[list[_Line], Field(min_length=2, max_length=6)]
    """The answers to choose from."""
    answer: _Line
    """The right one, as it stands among the choices."""
    because: Annotated[str, Field(min_length=1, max_length=1000)]
    """Why it is the right one."""


# ---------------------------------------------------------------------- the whole


class ScenarioFile(Part):
    """A scenario: two hosts or more, the links between them, what their applications do, and what must come of it."""

    model_config = ConfigDict(title="tcpsim scenario")

    title: Annotated[str, Field(min_length=1, max_length=200)]
    """The question, or the name, in one line."""
    question: Annotated[str, Field(min_length=1, max_length=200)] = ""
    """The question that the scenario answers, in one sentence."""
    shows: Annotated[str, Field(max_length=2000)] = ""
    """The answer: what to see, in a few sentences."""
    source: Annotated[str, Field(max_length=200)] = ""
    """Where the answer stands: RFC and section."""
    quiz: Quiz | None = None
    """A question about what comes next, for `tcpsim quiz`."""
    mutant: MutantName | None = None
    """A broken TCP, of all hosts or (NAME@HOST) of one, with which an expectation has to fail."""
    seed: Annotated[int, Field(ge=0, le=(1 << 63) - 1)] = 1
    """The only chance in the run."""
    profile: _PROFILE = "rfc9293"
    """The profile of all hosts that don't name another."""
    knobs: Knobs | None = None
    """Knobs of all hosts."""
    hosts: Annotated[dict[Name, Host], Field(min_length=1, max_length=100)]
    """The hosts by name, in the order in which they are drawn."""
    links: Annotated[list[Link], Field(max_length=1000)] | None = None
    """By default one link between the only two hosts, 50ms each way."""
    script: Annotated[list[AnyStep], Field(min_length=1, max_length=MAX_LIST)]
    """What the applications do."""
    until: Duration = HOUR
    """The virtual time at which the run stops, if it is not over by then; by default 1h."""
    max_events: Annotated[int, Field(ge=1, le=100_000_000)] = 1_000_000
    """The number of events after which the run stops, if it is not over by then."""
    expect: Expect = Field(default_factory=Expect)
    """What must be so when the run has ended."""
    explore: Explore | None = None
    """How the scenario is explored, and what must hold whatever happens."""
