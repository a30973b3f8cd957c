"""Derived variables of one patient, with their working; what is missing stays missing."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from .dates import ClinicalDate
from .dictionary import DerivedSpec, VariableSpec
from .endpoints import DAYS_PER_MONTH
from .expressions import KIND_OF_TYPE, Expression, Meaning, read_expression
from .wording import marked, say


@dataclass(frozen=True)
class Span:
    """A number or day known within bounds; a point when both are equal and closed."""

    low: float
    high: float
    low_is_in: bool = True
    high_is_in: bool = True

    @property
    def is_point(self) -> bool:
        return self.low == self.high

    def below(self, other: Span) -> bool:
        """Certainly less."""
        touching = self.high == other.low and not (self.high_is_in and other.low_is_in)
        return self.high < other.low or touching


@dataclass(frozen=True)
class Derived:
    """A result (``None``: missing) and the steps that led to it, in words."""

    name: str
    value: float | bool | str | None
    working: tuple[str, ...]


def meanings(
    variables: Sequence[VariableSpec], derived: Sequence[DerivedSpec] = ()
) -> dict[str, Meaning]:
    """What the names of a dictionary stand for; each derived one may ask for those before it.

    Raises
    ------
    ExpressionError
        An expression of ``derived`` is none.
    """
    names = {s.name: Meaning(KIND_OF_TYPE[s.type], tuple(s.codes), s.unit) for s in variables}
    for spec in derived:
        kind = read_expression(spec.expression, names).kind
        names[spec.name] = Meaning(kind, unit=spec.unit)
    return names


def derive_all(
    derived: Sequence[DerivedSpec],
    variables: Sequence[VariableSpec],
    values: Mapping[str, Mapping[str, Any]],
) -> tuple[Derived, ...]:
    """Every derived variable in order.

    Parameters
    ----------
    values : mapping of str to mapping
        Stored ones: ``{"v": ...}`` with ``comparator`` or ``precision``, or ``{"missing": code}``.
    """
    names = meanings(variables)
    known = dict(values)
    results = []
    for spec in derived:
        expression = read_expression(spec.expression, names)
        result = evaluate(spec.name, expression, names, known)
        names[spec.name] = Meaning(expression.kind, unit=spec.unit)
        known[spec.name] = {} if result.value is None else {"v": result.value}
        results.append(result)
    return tuple(results)


def evaluate(
    name: str,
    expression: Expression,
    names: Mapping[str, Meaning],
    values: Mapping[str, Mapping[str, Any]],
) -> Derived:
    """One expression for one patient.

    ``and``, ``or`` and ``points`` follow Kleene: yes or missing is yes, no and missing is no, the
    points of a missing answer are missing. ``< 0.5`` and a date known to the month are compared
    as far as they reach: what they leave open is missing.
    """
    run = _Run(names, values)
    result = run.of(expression.tree)
    if isinstance(result, Span):
        result = result.low if result.is_point else None
    return Derived(name, result, tuple(dict.fromkeys(run.lines)))


def result_in_words(value: object) -> str:
    """A result as a page prints it."""
    if value is None:
        return marked("missing")
    if isinstance(value, bool):
        return marked("yes") if value else marked("no")
    return f"{value:.6g}" if isinstance(value, float | int) else str(value)


class _Run:
    """One walk over the tree; ``lines`` collects the working."""

    def __init__(self, names: Mapping[str, Meaning], values: Mapping[str, Mapping[str, Any]]):
        self.names, self.values = names, values
        self.lines: list[str] = []

    def of(self, node: ast.expr) -> Any:
        """A Span, a truth, a text, or None."""
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.Constant(value=number):
                return Span(float(number), float(number))  # type: ignore[arg-type]
            case ast.Name(id=name):
                return self._stored(name)
            case ast.BoolOp(op=operator, values=parts):
                return _joined([self.of(part) for part in parts], isinstance(operator, ast.Or))
            case ast.UnaryOp(op=ast.Not(), operand=part):
                truth = self.of(part)
                return None if truth is None else not truth
            case ast.UnaryOp(operand=part):
                return self._computed(node, lambda a: -a, [part])
            case ast.BinOp(left=left, op=operator, right=right):
                return self._computed(node, _ARITHMETIC[type(operator)], [left, right])
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp(test=test, body=body, orelse=other):
                truth = self.of(test)
                return None if truth is None else self.of(body if truth else other)
            case ast.Call(func=ast.Name(id="is_missing"), args=[ast.Name(id=name)]):
                return "v" not in self.values.get(name, {})
            case ast.Call(func=ast.Name(id="points"), args=parts):
                return self._points([self.of(part) for part in parts])
            case ast.Call(func=ast.Name(id=name), args=parts):
                return self._computed(node, _FUNCTIONS[name], parts)
        raise TypeError(ast.dump(node))  # read_expression lets nothing else through

    def _stored(self, name: str) -> Any:
        value = self.values.get(name, {})
        if "v" not in value:
            self.lines.append(
                say(
                    "{name} is {word}",
                    name=name,
                    word=say(str(value.get("missing", "blank")).replace("_", " ")),
                )
            )
            return None
        kind, content = self.names[name].kind, value["v"]
        if kind == "date":
            day = ClinicalDate(date.fromisoformat(content), value.get("precision", "day"))
            return Span(day.earliest.toordinal(), day.latest.toordinal())
        if kind == "number":
            return _number(float(content), value.get("comparator", ""))
        return content

    def _compared(self, node: ast.Compare) -> bool | None:
        sides = [node.left, *node.comparators]
        answers = [
            self._pair(left, operator, right)
            for left, operator, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        answer = _joined(answers, False)
        self.lines.append(f"{ast.unparse(node)}: {self._told(node)}{result_in_words(answer)}")
        return answer

    def _pair(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> bool | None:
        if isinstance(right, ast.Tuple | ast.List):
            equal = [self._pair(left, ast.Eq(), choice) for choice in right.elts]
            found = _joined(equal, True)
            return found if isinstance(operator, ast.In) or found is None else not found
        a, b = self.of(left), self.of(right)
        if a is None or b is None:
            return None
        return _COMPARE[type(operator)](a, b)

    def _told(self, node: ast.AST) -> str:
        """The values of the names in a comparison: ``250 ng/mL, ``."""
        told = [self._value_text(part.id) for part in ast.walk(node) if isinstance(part, ast.Name)]
        return "".join(f"{text}, " for text in told if text)

    def _value_text(self, name: str) -> str:
        value = self.values.get(name, {})
        if "v" not in value or name not in self.names:
            return ""
        unit = self.names[name].unit
        words = result_in_words(value["v"])
        return f"{value.get('comparator', '')}{words}{f' {unit}' if unit else ''}"

    def _points(self, answers: list[bool | None]) -> Span | None:
        if any(answer is None for answer in answers):
            self.lines.append(marked("a component is missing: no points"))
            return None
        total = float(sum(bool(answer) for answer in answers))
        self.lines.append(
            say(
                "points: {parts} = {total:g}",
                parts=" + ".join(str(int(bool(a))) for a in answers),
                total=total,
            )
        )
        return Span(total, total)

    def _computed(
        self, node: ast.expr, function: Callable[..., float], parts: Iterable[ast.expr]
    ) -> Span | None:
        spans = [self.of(part) for part in parts]
        if any(span is None for span in spans):
            return None
        if not all(span.is_point for span in spans):
            self.lines.append(
                say(
                    "{expression}: known within bounds only, not computed",
                    expression=ast.unparse(node),
                )
            )
            return None
        try:
            result = float(function(*(span.low for span in spans)))
        except (ValueError, ZeroDivisionError, OverflowError):
            self.lines.append(
                say("{expression}: not defined for these values", expression=ast.unparse(node))
            )
            return None
        self.lines.append(f"{ast.unparse(node)}: {self._told(node)}{result:.6g}")
        return Span(result, result) if math.isfinite(result) else None


def _number(value: float, comparator: str) -> Span:
    below, above = comparator.startswith("<"), comparator.startswith(">")
    closed = comparator.endswith("=")
    if below:
        return Span(-math.inf, value, False, closed)
    return Span(value, math.inf, closed, False) if above else Span(value, value)


def _joined(answers: list[bool | None], any_of: bool) -> bool | None:
    """Kleene's or (``any_of``) or and."""
    if any_of in answers:
        return any_of
    return None if None in answers else not any_of


def _less(a: Span, b: Span) -> bool | None:
    return True if a.below(b) else False if b.high <= a.low else None


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _equal(a: Any, b: Any) -> bool | None:
    if not isinstance(a, Span):
        return bool(a == b)
    if a.is_point and b.is_point:
        return a.low == b.low
    return False if a.below(b) or b.below(a) else None


_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool | None]] = {
    ast.Lt: _less,
    ast.Gt: lambda a, b: _less(b, a),
    ast.LtE: lambda a, b: _negated(_less(b, a)),
    ast.GtE: lambda a, b: _negated(_less(a, b)),
    ast.Eq: _equal,
    ast.NotEq: lambda a, b: _negated(_equal(a, b)),
}
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "minimum": min,
    "maximum": max,
    "log2": math.log2,
    "log10": math.log10,
    "days_between": lambda start, end: end - start,
    "months_between": lambda start, end: (end - start) / DAYS_PER_MONTH,
}
