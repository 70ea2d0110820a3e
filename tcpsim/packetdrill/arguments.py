"""Expressions of a script as the values that calls take.

Rule 1. Constants keep their names, flags become sets of names, structs tuples; numbers stay numbers.
Rule 2. What an expression can't be is a ScriptError with its place; what tcpsim doesn't have is NotRunnable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .optioning import NotRunnable
from .places import ScriptError
from .script import Assign, BitOr, Dots, Function, Integer, List, Name, Opaque, String, Struct
from .writing import format_expression

if TYPE_CHECKING:
    from .script import Expression, SystemCall

    Address = tuple[str, int]

NUMBERS: Final = {"INT_MAX": (1 << 31) - 1, "INT_MIN": -(1 << 31), "UINT_MAX": (1 << 32) - 1, "NULL": 0}
ADDRESS_FIELDS: Final = ("sin_addr", "sin6_addr", "sin_port", "sin6_port", "sa_family")


def wrong(expression: Expression, expected: str) -> ScriptError:
    """Return the error for an expression that stands where something else is expected."""
    return ScriptError(expression.place, f"found {format_expression(expression)}", expected)


class Arguments:
    """The arguments of one call."""

    def __init__(self, call: SystemCall) -> None:
        self.call = call
        self.items = call.arguments

    def __len__(self) -> int:
        return len(self.items)

    def need(self, *counts: int) -> None:
        """Raise ScriptError unless there are as many arguments as one of `counts`."""
        if len(self.items) not in counts:
            words = " or ".join(str(count) for count in counts)
            raise ScriptError(self.call.place, f"{self.call.name}() with {len(self.items)} arguments", words)

    def number(self, index: int) -> int:
        """Return an argument that is a number."""
        return number(self.items[index])

    def flags(self, index: int) -> frozenset[str]:
        """Return an argument that is a set of names, `A | B` or 0."""
        return flags(self.items[index])

    def name(self, index: int) -> str:
        """Return an argument that is one name."""
        found = self.items[index]
        if isinstance(found, Integer):
            raise NotRunnable(f"tcpsim knows the constants of {self.call.name}() by name, not by number")
        if not isinstance(found, Name):
            raise wrong(found, "the name of a constant")
        return found.name

    def is_null(self, index: int) -> bool:
        """Return whether an argument is NULL."""
        found = self.items[index]
        return (isinstance(found, Name) and found.name == "NULL") or (isinstance(found, Integer) and found.value == 0)

    def buffer(self, index: int) -> bool:
        """Return whether an argument that is a buffer is a bad pointer, NULL, rather than `...`."""
        if isinstance(self.items[index], Dots | String):
            return False
        if self.is_null(index):
            return True
        raise wrong(self.items[index], "... or NULL for a buffer")

    def address(self, index: int, default: Address) -> Address | None:
        """Return an argument that is a socket address; `...` stands for `default`, NULL for None."""
        found = self.items[index]
        if isinstance(found, Dots):
            return default
        if self.is_null(index):
            return None
        return address(found, default)

    def size(self, index: int) -> int:
        """Return an argument that counts octets."""
        count = self.number(index)
        if not 0 <= count < 1 << 31:
            raise NotRunnable(f"{self.call.name}() of {count} octets")
        return count


def number(expression: Expression) -> int:
    """Return the number that an expression stands for."""
    if isinstance(expression, Integer):
        return expression.value
    if isinstance(expression, Assign):
        return number(expression.value)
    if isinstance(expression, Function) and expression.name in ("htons", "htonl") and len(expression.arguments) == 1:
        return number(expression.arguments[0])
    if isinstance(expression, Name):
        if expression.name not in NUMBERS:
            raise NotRunnable(f"tcpsim doesn't know the number of {expression.name}")
        return NUMBERS[expression.name]
    raise wrong(expression, "a number")


def flags(expression: Expression) -> frozenset[str]:
    """Return the names that an expression joins with `|`; 0 joins none."""
    if isinstance(expression, BitOr):
        return frozenset().union(*(flags(part) for part in expression.parts))
    if isinstance(expression, Name):
        return frozenset({expression.name})
    if isinstance(expression, Integer):
        if expression.value:
            raise NotRunnable(f"tcpsim knows flags by name, not as the number {format_expression(expression)}")
        return frozenset()
    raise wrong(expression, "flags, as A | B or 0")


def bracketed(expression: Expression) -> Expression:
    """Return what stands in `[...]` alone."""
    if isinstance(expression, List) and len(expression.items) == 1:
        return expression.items[0]
    raise wrong(expression, "one value in brackets")


def address(expression: Expression, default: Address) -> Address:
    """Return the address that a struct names; what it leaves open is that of `default`."""
    if not isinstance(expression, Struct) or not expression.names or set(expression.names) - set(ADDRESS_FIELDS):
        raise wrong(expression, 'an address, as {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("...")}')
    family = expression.get("sa_family")
    if isinstance(family, Name) and family.name not in ("AF_INET", "AF_INET6"):
        raise NotRunnable(f"tcpsim has no addresses of {family.name}")
    port = expression.get("sin_port") or expression.get("sin6_port")
    host = expression.get("sin_addr") or expression.get("sin6_addr")
    return (
        default[0] if host is None or isinstance(host, Dots) else _host(host),
        default[1] if port is None or isinstance(port, Dots) else number(port),
    )


def _host(expression: Expression) -> str:
    if isinstance(expression, Function) and len(expression.arguments) == 1:
        inner = expression.arguments[0]
        if isinstance(inner, String):
            return inner.text
    if isinstance(expression, String):
        return expression.text
    if isinstance(expression, Name) and expression.name in ("INADDR_ANY", "IN6ADDR_ANY_INIT"):
        return "::" if "6" in expression.name else "0.0.0.0"
    raise wrong(expression, 'an address, as inet_addr("192.0.2.1")')


def struct(expression: Expression, *names: str) -> dict[str, Expression]:
    """Return the fields of a struct by name; only `names` may be there."""
    if isinstance(expression, Opaque):
        raise NotRunnable(f"tcpsim doesn't have {expression.text}")
    if not isinstance(expression, Struct):
        raise wrong(expression, f"a struct with {', '.join(names)}")
    unknown = [name for name in expression.names if name not in names]
    if unknown:
        raise NotRunnable(
            f"tcpsim doesn't know the field {unknown[0] or 'without a name'} of {format_expression(expression)}"
        )
    return {each.name: each.value for each in expression.fields}


def vector(expression: Expression) -> tuple[list[int], bool]:
    """Return the sizes of an iovec's pieces, and whether one of them is a bad pointer."""
    if not isinstance(expression, List):
        raise wrong(expression, "pieces, as [{..., 100}]")
    sizes = []
    fault = False
    for item in expression.items:
        if not isinstance(item, Struct) or len(item.fields) != 2:
            raise wrong(item, "a piece, as {..., 100}")
        base, length = item.fields[0].value, item.fields[1].value
        fault = fault or not isinstance(base, Dots | String)
        sizes.append(max(number(length), 0))
    return sizes, fault
