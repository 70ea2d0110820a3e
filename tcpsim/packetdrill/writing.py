"""A syntax tree as a script again: for reports, and for scripts made from traces.

Rule 1. `parse(format_script(script), name) == script` for every script that `parse` returns. Definitions and
        `#ifdef` are gone: what they made of the script is written, in one spelling for each thing.
Rule 2. Where the dialects differ in spelling, the one is written that both read; else nplab's, or google's for what
        only google has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from .parsing import OPTION_VALUE, unquoted
from .script import (
    AccEcn,
    AckRate,
    Action,
    AnyPacket,
    Assign,
    BitOr,
    Code,
    Command,
    Dots,
    Encapsulation,
    Eol,
    Event,
    Experimental,
    Expression,
    FastOpen,
    Field,
    Function,
    Generic,
    GreHeader,
    IcmpPacket,
    Integer,
    IpHeader,
    IpInfo,
    List,
    Md5,
    MplsHeader,
    Mss,
    Name,
    Nop,
    Opaque,
    PspHeader,
    Quoted,
    RawOptions,
    Sack,
    SackPermitted,
    Script,
    SctpPacket,
    String,
    Struct,
    SystemCall,
    TcpOption,
    TcpPacket,
    Timestamps,
    UdpPacket,
    When,
    WindowScale,
)

if TYPE_CHECKING:
    from .script import Option

SECOND: Final = 1_000_000_000
_ESCAPES: Final = {"\\": r"\\", '"': r"\"", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}


def format_script(script: Script) -> str:
    """Return a script's text, which ends with a newline.

    Options stand first, one on a line, then one event on a line.
    """
    head = [format_option(option) for option in script.options]
    if script.init is not None:
        head.append(f"`{script.init.text}`")
    lines = [*head, ""] if head else []
    lines += [format_event(event) for event in script.events]
    if script.cleanup is not None:
        lines += ["", f"`{script.cleanup.text}`"]
    return "\n".join(lines) + "\n"


def format_option(option: Option) -> str:
    """Return `--name=value`, or `--name="value"` if the value needs quotes to stay whole."""
    if option.value is None:
        return f"--{option.name}"
    whole = OPTION_VALUE.fullmatch(option.value)
    plain = whole is not None and whole["value"] == option.value == unquoted(option.value)
    return f"--{option.name}={option.value}" if plain else f'--{option.name}="{option.value}"'


def format_event(event: Event) -> str:
    """Return an event on one line, unless its code or its shell line has several."""
    until = event.action.until if isinstance(event.action, SystemCall) else None
    time = format_when(event.when) + ("" if until is None else f"...{format_time(until)}")
    return f"{time:<6} {format_action(event.action)}"


def format_when(when: When) -> str:
    """Return when an event is due: `1.5`, `+0.1`, `1~2`, `+0.1~+0.2` or `*`."""
    if when.anytime:
        return "*"
    sign = "+" if when.relative else ""
    start = f"{sign}{format_time(when.start)}"
    return start if when.end is None else f"{start}~{sign}{format_time(when.end)}"


def format_time(time: int) -> str:
    """Return nanoseconds as seconds, with as many decimals as they need."""
    whole, fraction = divmod(time, SECOND)
    return f"{whole}.{fraction:09d}".rstrip("0") if fraction else str(whole)


def format_action(action: Action) -> str:
    """Return what happens: a packet, a call, a shell line or code."""
    match action:
        case SystemCall():
            return format_call(action)
        case Command(text):
            return f"`{text}`"
        case Code(text):
            return f"%{{ {text} }}%"
        case _:
            return format_packet(action)


# ---------------------------------------------------------------------------------------------- calls, expressions


def format_call(call: SystemCall) -> str:
    """Return `name(arguments) = result ERRNO (text)`."""
    parts = [f"{call.name}({_joined(call.arguments)}) = {format_expression(call.result)}"]
    if call.errno is not None:
        parts.append(call.errno.name)
        if call.errno.text:
            parts.append(f"({call.errno.text})")
    if call.note is not None:
        parts.append(f"({call.note})")
    return " ".join(parts)


def format_expression(expression: Expression) -> str:
    """Return an expression as the language spells it."""
    match expression:
        case Dots():
            return "..."
        case Integer(value, hexadecimal):
            return f"{value:#x}" if hexadecimal else str(value)
        case String(text, is_open):
            return f'"{_escaped(text)}"{"..." if is_open else ""}'
        case Name(name):
            return name
        case BitOr(parts):
            return "|".join(map(format_expression, parts))
        case Assign(name, value):
            return f"{name} = {format_expression(value)}"
        case List(items):
            return f"[{_joined(items)}]"
        case Struct(fields):
            return f"{{{', '.join(map(_field, fields))}}}"
        case Function(name, arguments):
            return f"{name}({_joined(arguments)})"
        case Opaque(text):
            return text
        case _:
            assert_never(expression)


def _joined(expressions: tuple[Expression, ...]) -> str:
    return ", ".join(map(format_expression, expressions))


def _field(field: Field) -> str:
    value = format_expression(field.value)
    if not field.name:
        return value
    argument = "" if field.argument is None else f"({format_expression(field.argument)})"
    return f"{field.name}{argument}={value}"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(each) or (each if " " <= each <= "~" else f"\\x{ord(each):02x}") for each in text)


# --------------------------------------------------------------------------------------------------------- packets


def format_packet(packet: AnyPacket) -> str:
    """Return a packet from its direction on, such as `> S. 0:0(0) ack 1 <mss 1460>`."""
    psp = [header for header in packet.encapsulations if isinstance(header, PspHeader)]
    parts: list[str] = [packet.direction]
    parts += [_encapsulation(header) for header in packet.encapsulations if not isinstance(header, PspHeader)]
    if packet.ip is not None:
        parts.append(_ip_info(packet.ip))
    parts += [f"encap psp spi {header.spi:#x}" for header in psp]
    match packet:
        case TcpPacket():
            parts.append(_tcp(packet))
        case UdpPacket(length=length, ports=ports, coverage=coverage):
            named = "udp" if coverage is None else "udplite"
            sizes = f"({length})" if coverage is None else f"({length}, {coverage})"
            parts += [named, *_ports(ports), sizes]
        case IcmpPacket():
            parts.append(_icmp(packet))
        case SctpPacket(text=text, ports=ports):
            parts += [*_ports(ports), text]
        case _:
            assert_never(packet)
    return " ".join(parts)


def _ports(ports: tuple[int, int] | None) -> list[str]:
    return [] if ports is None else [f"{ports[0]} > {ports[1]}"]


def _encapsulation(header: Encapsulation) -> str:
    match header:
        case IpHeader(version, source, destination, info):
            said = "" if info is None else f" {_ip_info(info)}"
            return f"ipv{version}{said} {source} > {destination} :"
        case GreHeader(text):
            return f"gre {text} :" if text else "gre:"
        case MplsHeader(entries):
            stack = [
                f"(label {label}, tc {traffic}, {'[S], ' if bottom else ''}ttl {ttl})"
                for label, traffic, bottom, ttl in entries
            ]
            return " ".join(["mpls", *stack, ":"])
        case PspHeader(spi):
            return f"encap psp spi {spi:#x}"
        case _:
            assert_never(header)


def _ip_info(info: IpInfo) -> str:
    parts = []
    if info.ttl is not None:
        parts.append(f"ttl {info.ttl}")
    if info.tos is not None:
        parts.append(f"tos {info.tos:#x}")
    if info.dscp is not None:
        parts.append(f"dscp {info.dscp:#x}")
    if info.ecn is not None:
        parts.append(info.ecn)
    if info.flow_label is not None:
        parts.append(f"flowlabel {info.flow_label:#x}")
    return f"({', '.join(parts)})"


def _tcp(packet: TcpPacket) -> str:
    parts = [*_ports(packet.ports), packet.flags or "-"]
    parts.append(_sequence(packet.seq, packet.length, absolute=packet.absolute_seq))
    if packet.ack is not None:
        parts.append(f"ack {packet.ack}")
    if packet.window is not None:
        parts.append(f"win {packet.window}")
    if packet.urgent is not None:
        parts.append(f"urg {packet.urgent}")
    parts.append(format_options(packet.options))
    if packet.diagnostic is not None:
        parts.append("[code {}, pen {}]".format(*packet.diagnostic))
    parts.append(_udp_around(packet.udp))
    return " ".join(filter(None, parts))


def _sequence(seq: int | None, length: int, *, absolute: bool) -> str:
    if seq is None:
        return f"...({length})"
    return f"{seq}:{seq + length}({length}){'!' if absolute else ''}"


def _udp_around(ports: tuple[int, int] | None) -> str:
    return "" if ports is None else "/udp({} > {})".format(*ports)


def _icmp(packet: IcmpPacket) -> str:
    parts = ["icmp", packet.type, packet.code or ""]
    if packet.mtu is not None:
        parts.append(f"mtu {packet.mtu}")
    if packet.id is not None:
        parts.append(f"id {packet.id}")
    if packet.quoted is not None:
        parts.append(f"[{_quoted(packet.quoted)}]")
    return " ".join(filter(None, parts))


def _quoted(quoted: Quoted) -> str:
    match quoted.protocol:
        case "tcp":
            said = _sequence(quoted.seq, quoted.length, absolute=quoted.absolute_seq)
        case "sctp":
            said = f"sctp({quoted.number})"
        case "udplite":
            said = f"udplite({quoted.length}, {quoted.number})"
        case _:
            said = f"{quoted.protocol}({quoted.length})"
    return said + _udp_around(quoted.udp)


# --------------------------------------------------------------------------------------------------- options of TCP


def format_options(options: tuple[TcpOption, ...] | None) -> str:
    """Return `<mss 1460,nop,wscale 6>`; "" if there are none, `<...>` if any will do."""
    if options is None:
        return "<...>"
    return f"<{','.join(map(format_tcp_option, options))}>" if options else ""


def format_tcp_option(option: TcpOption) -> str:
    """Return an option such as `mss 1460`."""
    match option:
        case Nop():
            return "nop"
        case Eol():
            return "eol"
        case SackPermitted():
            return "sackOK"
        case Mss(value):
            return f"mss {value}"
        case WindowScale(shift):
            return f"wscale {shift}"
        case Sack(blocks):
            return " ".join(["sack", *(f"{left}:{right}" for left, right in blocks)])
        case Timestamps(stamp, echo, absolute):
            return f"TS val {'...' if stamp is None else stamp} ecr {echo}{'!' if absolute else ''}"
        case FastOpen(cookie, experimental):
            return _with_data("exp-FO" if experimental else "FO", cookie)
        case Md5(digest):
            return "md5 valid" if digest is None else _with_data("md5", digest)
        case AccEcn():
            return _acc_ecn(option)
        case AckRate(rate):
            return "exp-tarr" if rate is None else f"exp-tarr {rate}"
        case Experimental(exid, data):
            return _with_data(f"exp-{exid:x}", data)
        case Generic(kind, data):
            return _with_data(f"gen-{kind}", data)
        case RawOptions(data):
            return data.hex()
        case _:
            assert_never(option)


def _with_data(word: str, data: bytes) -> str:
    return f"{word} {data.hex()}" if data else word


def _acc_ecn(option: AccEcn) -> str:
    names = ("ee0b", "eceb", "ee1b") if option.order == 0 else ("ee1b", "eceb", "ee0b")
    counters = [f"{name} {count}" for name, count in zip(names, option.counters, strict=False)]
    return " ".join([f"{'exp-' if option.experimental else ''}AccECN{option.order}", *counters])
