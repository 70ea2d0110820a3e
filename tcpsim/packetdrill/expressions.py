"""`%{ assert tcpi_snd_cwnd == 10 }%`: blocks of code, evaluated without ever being executed.

Rule 1. The block is parsed to a syntax tree, and the tree is walked here: statements and operators that stand in the
        tables below are done by this module's own functions. Nothing is compiled, and nothing of Python is reached.
Rule 2. What isn't in the tables, or a name that nobody gave, is `CodeNotRun`. An assertion that doesn't hold, or an
        operation that fails as it would in Python (division by zero), is `CodeFailed`. Nothing else is raised.
Rule 3. Work is bounded: the length of the block, its depth, the size of each number and string on the way.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .places import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from .script import Code

Scalar: TypeAlias = int | float | str | None
Value: TypeAlias = Scalar | tuple[Scalar, ...]
"""What a name may stand for; a bool is an int."""

LONGEST_CODE: Final = 20_000
"""Characters of a block."""
DEEPEST: Final = 60
"""How deep expressions and statements may be nested."""
MOST_BITS: Final = 512
"""Bits of a whole number."""
LONGEST_TEXT: Final = 10_000
"""Characters of a string."""
LONGEST_TUPLE: Final = 100
"""Items of a tuple or list, none of which is one itself (a few assignments would nest them without bound)."""
LONGEST_MESSAGE: Final = 500
"""Characters of what an assertion says when it doesn't hold."""
_MOST_FORMATS: Final = 50
_WIDEST_FORMAT: Final = 100
_FORMAT = re.compile(r"%[#0\- +]*(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d+)?)?(?P<key>\()?")


class CodeError(Exception):
    """A block of code came to no good end: where, and why."""

    def __init__(self, place: Place, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place}: {reason}")


class CodeNotRun(CodeError):
    """A block holds something that isn't evaluated here; what it asserts is unknown."""


class CodeFailed(CodeError):
    """An assertion doesn't hold, or Python would have raised an error."""


class _TooMuch(Exception):
    """A value would grow beyond its bound."""


def run_code(code: Code, values: Mapping[str, Value], names: MutableMapping[str, Value]) -> list[str]:
    """Evaluate a block and return the lines that it prints.

    Args:
        code: the block.
        values: what is known at its time (tcpi_snd_cwnd, TCP_CA_Open, ...); they replace names of older blocks.
        names: what carries over from block to block; the block's own assignments are put there.

    Raises:
        CodeNotRun: something of the block isn't evaluated here.
        CodeFailed: an assertion doesn't hold, or an operation fails.
    """
    tree = _parsed(code)
    names.update(values)
    run = _Run(code, names)
    run.statements(tree.body, 0)
    return run.printed


def _parsed(code: Code) -> ast.Module:
    if len(code.text) > LONGEST_CODE:
        raise CodeNotRun(code.place, f"the block is longer than {LONGEST_CODE} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in strings: nothing for the reader of a script
            return ast.parse(code.text)
    except SyntaxError as error:
        raise CodeNotRun(_within(code, error.lineno or 1, 0), f"the block isn't Python: {error.msg}") from None
    except (ValueError, MemoryError, RecursionError):
        raise CodeNotRun(code.place, "the block can't be read as Python") from None


def _within(code: Code, line: int, column: int) -> Place:
    """Return the place of a line, from 1, and a column, from 0, of a block."""
    start = code.place
    return Place(start.file, start.line + line - 1, column + (start.column if line == 1 else 1))


def _bounded(value: Any) -> Value:
    """Return a value if it is of a kind and a size that is allowed."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise _TooMuch(f"a number has more than {MOST_BITS} bits")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise _TooMuch(f"a string is longer than {LONGEST_TEXT} characters")
    if isinstance(value, complex):
        raise _TooMuch("a number is complex")
    if isinstance(value, tuple) and (len(value) > LONGEST_TUPLE or any(isinstance(each, tuple) for each in value)):
        raise _TooMuch(f"a list has more than {LONGEST_TUPLE} items, or lists in it")
    result: Value = value
    return result


# ------------------------------------------------------------------------------------------------------- operators


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * exponent > MOST_BITS:
        raise _TooMuch(f"a power has more than {MOST_BITS} bits")
    return base**exponent


def _shifted_left(value: Any, count: Any) -> Any:
    if isinstance(count, int) and count > MOST_BITS:
        raise _TooMuch(f"a shift is wider than {MOST_BITS} bits")
    return value << count


def _times(left: Any, right: Any) -> Any:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | tuple) and isinstance(other, int) and len(one) * other > LONGEST_TEXT:
            raise _TooMuch(f"a repetition is longer than {LONGEST_TEXT}")
    return left * right


def _modulo(left: Any, right: Any) -> Any:
    """Return a remainder, or `text % values` if the text asks for nothing that grows without bound."""
    if isinstance(left, str):
        formats = list(_FORMAT.finditer(left.replace("%%", "")))
        if len(formats) > _MOST_FORMATS:
            raise _TooMuch(f"a text formats more than {_MOST_FORMATS} values")
        for found in formats:
            widths = [found["width"] or "0", found["precision"] or "0"]
            if found["key"] or any(not width.isdecimal() or int(width[:9]) > _WIDEST_FORMAT for width in widths):
                raise _TooMuch(f"{found[0]!r} formats in a way that isn't known here")
    return left % right


def _rounded(value: Any, digits: Any = None) -> Any:
    if digits is not None and (not isinstance(digits, int) or abs(digits) > 20):
        raise _TooMuch("round() is asked for more than 20 digits")
    return round(value, digits)


_BINARY: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _times,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _modulo,
    ast.Pow: _power,
    ast.LShift: _shifted_left,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_UNARY: Final[dict[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "abs": abs,
    "bool": bool,
    "float": float,
    "int": int,
    "len": len,
    "max": max,
    "min": min,
    "round": _rounded,
    "str": str,
}
_CALLABLE: Final = ", ".join(sorted([*_FUNCTIONS, "print"]))


# -------------------------------------------------------------------------------------------------------- the walk


class _Run:
    """One block on its way."""

    def __init__(self, code: Code, names: MutableMapping[str, Value]) -> None:
        self.code = code
        self.names = names
        self.printed: list[str] = []

    def statements(self, body: list[ast.stmt], depth: int) -> None:
        for each in body:
            self._statement(each, depth)

    def _statement(self, statement: ast.stmt, depth: int) -> None:
        self._check_depth(statement, depth)
        match statement:
            case ast.Assert(test, message):
                self._assert(statement, test, message, depth)
            case ast.Assign(targets, value):
                result = self._value(value, depth)
                for target in targets:
                    self._assign(target, result)
            case ast.AugAssign(ast.Name(name) as target, operation, value):
                old = self._name(target, name)
                self.names[name] = self._binary(statement, operation, old, self._value(value, depth))
            case ast.If(test, body, other):
                self.statements(body if self._value(test, depth) else other, depth + 1)
            case ast.Expr(ast.Call(ast.Name("print"), arguments, [])):
                said = " ".join(str(self._value(each, depth)) for each in arguments)
                self.printed.append(str(self._done(statement, _bounded, said)))
            case ast.Expr(value):
                self._value(value, depth)
            case ast.Pass():
                pass
            case _:
                raise self._not_run(statement, f"{self._source(statement)} is no assertion, assignment or condition")

    def _assert(self, statement: ast.stmt, test: ast.expr, message: ast.expr | None, depth: int) -> None:
        if self._value(test, depth):
            return
        reason = f"{self._source(test)} doesn't hold"
        if message is not None:
            try:
                reason += f": {str(self._value(message, depth))[:LONGEST_MESSAGE]}"
            except CodeError:
                reason += f": {self._source(message)}"
        used = [each.id for each in ast.walk(test) if isinstance(each, ast.Name)]
        known = {name: self.names[name] for name in used if name in self.names}
        if known:
            reason += f" ({', '.join(f'{name} is {repr(value)[:80]}' for name, value in known.items())})"
        raise CodeFailed(self._place(statement), reason)

    def _assign(self, target: ast.expr, value: Value) -> None:
        if not isinstance(target, ast.Name):
            raise self._not_run(target, f"{self._source(target)} is no plain name to assign to")
        self.names[target.id] = value

    def _value(self, node: ast.expr, depth: int) -> Value:
        self._check_depth(node, depth)
        depth += 1
        match node:
            case ast.Constant(value) if value is None or isinstance(value, int | float | str):
                return self._done(node, _bounded, value)
            case ast.Name(name):
                return self._name(node, name)
            case ast.BoolOp(operation, values):
                return self._boolean(values, depth, stops_at=isinstance(operation, ast.Or))
            case ast.UnaryOp(operation, operand):
                return self._done(node, _UNARY[type(operation)], self._value(operand, depth))
            case ast.BinOp(left, operation, right):
                return self._binary(node, operation, self._value(left, depth), self._value(right, depth))
            case ast.Compare(left, operations, others):
                return self._comparison(node, left, operations, others, depth)
            case ast.IfExp(test, body, other):
                return self._value(body if self._value(test, depth) else other, depth)
            case ast.Tuple(items) | ast.List(items) | ast.Set(items):
                return self._done(node, tuple, [self._value(item, depth) for item in items])
            case ast.Call(ast.Name(name), arguments, []) if name in _FUNCTIONS and name not in self.names:
                return self._done(node, _FUNCTIONS[name], *[self._value(each, depth) for each in arguments])
            case ast.Call():
                raise self._not_run(node, f"{self._source(node)} calls something else than {_CALLABLE}")
        raise self._not_run(node, f"{self._source(node)} isn't evaluated here")

    def _name(self, node: ast.AST, name: str) -> Value:
        if name not in self.names:
            raise self._not_run(node, f"{name} isn't known here")
        return self.names[name]

    def _boolean(self, values: list[ast.expr], depth: int, *, stops_at: bool) -> Value:
        """Return the first value that settles it, or the last: those after it aren't looked at."""
        result: Value = None
        for each in values:
            result = self._value(each, depth)
            if bool(result) == stops_at:
                break
        return result

    def _binary(self, node: ast.AST, operation: ast.operator, left: Value, right: Value) -> Value:
        if type(operation) not in _BINARY:
            raise self._not_run(node, f"{self._source(node)} uses an operator that isn't known here")
        return self._done(node, _BINARY[type(operation)], left, right)

    def _comparison(
        self, node: ast.expr, first: ast.expr, operations: list[ast.cmpop], others: list[ast.expr], depth: int
    ) -> Value:
        left = self._value(first, depth)
        result: Value = True
        for operation, other in zip(operations, others, strict=True):
            right = self._value(other, depth)
            result = self._done(node, _COMPARISONS[type(operation)], left, right)
            if not result:
                break
            left = right
        return result

    def _done(self, node: ast.AST, function: Callable[..., Any], *arguments: Any) -> Value:
        """Return what a function makes of its arguments; its failure is the block's."""
        try:
            return _bounded(function(*arguments))
        except _TooMuch as error:
            raise self._not_run(node, str(error)) from None
        except (ArithmeticError, TypeError, ValueError) as error:
            wrong = f"{self._source(node)} raises {type(error).__name__}: {error}"
            raise CodeFailed(self._place(node), wrong) from None

    # -------------------------------------------------------------------------------------------------- telling

    def _check_depth(self, node: ast.AST, depth: int) -> None:
        if depth > DEEPEST:
            raise CodeNotRun(self._place(node), f"the block is nested deeper than {DEEPEST}")

    def _place(self, node: ast.AST) -> Place:
        return _within(self.code, getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def _source(self, node: ast.AST) -> str:
        """Return a piece of the block on one line, cut if it is long."""
        text = " ".join((ast.get_source_segment(self.code.text, node) or "the block").split())
        return text if len(text) <= 80 else f"{text[:77]}..."

    def _not_run(self, node: ast.AST, reason: str) -> CodeNotRun:
        return CodeNotRun(self._place(node), reason)
