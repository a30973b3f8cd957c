"""The small language of derived variables: read, checked against the dictionary, never run as code.

Names of variables, numbers, texts in quotes; ``+ - * /``; ``< <= > >= == != in``; ``and or not``;
``a if condition else b``; the functions of ``FUNCTIONS``. Nothing else is a word of it.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from .problems import Problem
from .wording import marked, say

LONGEST = 500
MOST_PARTS = 200
LARGEST = 1e12
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
EQUALITY = (ast.Eq, ast.NotEq)
MEMBERSHIP = (ast.In, ast.NotIn)

# name -> (kind of every argument, smallest and largest number of them, kind of the result)
FUNCTIONS: dict[str, tuple[str, int, int, str]] = {
    "points": ("truth", 1, 20, "number"),
    "minimum": ("number", 2, 20, "number"),
    "maximum": ("number", 2, 20, "number"),
    "log2": ("number", 1, 1, "number"),
    "log10": ("number", 1, 1, "number"),
    "days_between": ("date", 2, 2, "number"),
    "months_between": ("date", 2, 2, "number"),
    "is_missing": ("any", 1, 1, "truth"),
}
KIND_OF_TYPE = {"number": "number", "date": "date", "category": "text", "text": "text"}
SPOKEN = {
    "truth": marked("yes or no"),
    "number": marked("a number"),
    "text": marked("a text"),
    "date": marked("a date"),
}


class ExpressionError(ValueError):
    """No expression of this language; ``problem`` says where and what to do."""

    def __init__(self, found: str, expected: str, remedy: str):
        self.problem = Problem("expression", found, expected, remedy, column="expression")
        super().__init__(str(self.problem))


@dataclass(frozen=True)
class Meaning:
    """What a name stands for: kind (number, truth, text, date), codes of a category, unit."""

    kind: str
    codes: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, tree, the kind of its result, and the names it asks for."""

    text: str
    tree: ast.expr = field(compare=False)
    kind: str
    names: tuple[str, ...]


def read_expression(text: str, names: Mapping[str, Meaning]) -> Expression:
    """Read and check an expression.

    Parameters
    ----------
    text : str
    names : mapping of str to Meaning
        The variables that it may ask for.

    Raises
    ------
    ExpressionError
        Not of the language, a name or code that is not known, or kinds that do not fit.
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            say("{n} characters", n=len(text)),
            say("at most {longest}", longest=LONGEST),
            say("Shorten it."),
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(
            repr(text),
            say("an expression such as cea_ng_ml >= 200"),
            say("Check quotes and brackets."),
        ) from error
    if sum(1 for _ in ast.walk(tree)) > MOST_PARTS:
        raise ExpressionError(
            say("too many parts"),
            say("at most {most_parts}", most_parts=MOST_PARTS),
            say("Split it into two."),
        )
    kind = _kind(tree, names)
    if kind == "date":
        raise ExpressionError(
            say("a date"), say("a number, a text, or yes or no"), say("Compare the date.")
        )
    asked = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(FUNCTIONS)
    return Expression(text.strip(), tree, kind, tuple(sorted(asked)))


def _kind(node: ast.expr, names: Mapping[str, Meaning]) -> str:
    """The kind of a part, or the refusal of what it must not be."""
    match node:
        case ast.Constant(value=bool()) | ast.Constant(value=None):
            pass
        case ast.Constant(value=int() | float() as number) if abs(number) <= LARGEST:
            return "number"
        case ast.Constant(value=str()):
            return "text"
        case ast.Name(id=name):
            return _meaning(name, names).kind
        case ast.BoolOp(values=parts):
            return _all(parts, "truth", names, "truth")
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return _all([part], "truth", names, "truth")
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return _all([part], "number", names, "number")
        case ast.BinOp(left=left, op=operator, right=right) if isinstance(operator, ARITHMETIC):
            return _all([left, right], "number", names, "number")
        case ast.Compare():
            return _comparison(node, names)
        case ast.IfExp(test=test, body=body, orelse=other):
            _all([test], "truth", names, "truth")
            return _all([other], _kind(body, names), names, _kind(body, names))
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]):
            return _call(name, parts, names)
    raise ExpressionError(
        ast.unparse(node)[:80],
        say(
            "names, numbers, quoted texts, + - * /, comparisons, and, or, not, if else, "
            "{functions}",
            functions=", ".join(FUNCTIONS),
        ),
        say("Write it with these."),
    )


def _meaning(name: str, names: Mapping[str, Meaning]) -> Meaning:
    if name not in names:
        near = difflib.get_close_matches(name, [*names, *FUNCTIONS], 1)
        hint = say("Did you mean {near}?", near=near[0]) if near else say("Add the variable first.")
        raise ExpressionError(name, say("a variable of this dictionary"), hint)
    return names[name]


def _all(parts: list[ast.expr], kind: str, names: Mapping[str, Meaning], result: str) -> str:
    for part in parts:
        if (found := _kind(part, names)) != kind:
            raise ExpressionError(
                say("{part} is {kind}", part=ast.unparse(part)[:80], kind=say(SPOKEN[found])),
                SPOKEN[kind],
                say("Compare it first.") if kind == "truth" else say("Use another variable."),
            )
    return result


def _call(name: str, parts: list[ast.expr], names: Mapping[str, Meaning]) -> str:
    if name not in FUNCTIONS:
        raise ExpressionError(
            name, say("one of {known}", known=", ".join(FUNCTIONS)), say("Use one of these.")
        )
    kind, fewest, most, result = FUNCTIONS[name]
    if not fewest <= len(parts) <= most:
        raise ExpressionError(
            say("{name} with {n} arguments", name=name, n=len(parts)),
            say("{fewest} to {most}", fewest=fewest, most=most),
            say("Add or remove some."),
        )
    if kind == "any":
        if not isinstance(parts[0], ast.Name):
            raise ExpressionError(
                ast.unparse(parts[0]), say("a variable's name"), say("Name the variable.")
            )
        _meaning(parts[0].id, names)
        return result
    return _all(parts, kind, names, result)


def _comparison(node: ast.Compare, names: Mapping[str, Meaning]) -> str:
    sides = [node.left, *node.comparators]
    for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
        if isinstance(operator, MEMBERSHIP):
            _membership(left, right, names)
            continue
        kind = _kind(left, names)
        _all([right], kind, names, kind)
        if kind == "truth" or (kind == "text" and not isinstance(operator, EQUALITY)):
            raise ExpressionError(
                ast.unparse(node)[:80],
                say("numbers or dates by size, texts by == or !="),
                say("Compare otherwise."),
            )
        for one, other in ((left, right), (right, left)):
            _check_code(one, other, names)
    return "truth"


def _membership(left: ast.expr, right: ast.expr, names: Mapping[str, Meaning]) -> None:
    if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
        raise ExpressionError(
            ast.unparse(right)[:80], say('a list as in ("a", "b")'), say("List them.")
        )
    for choice in right.elts:
        if not isinstance(choice, ast.Constant):
            raise ExpressionError(
                ast.unparse(choice)[:80], say("numbers or texts"), say("List constants.")
            )
        _all([choice], _kind(left, names), names, "truth")
        _check_code(left, choice, names)


def _check_code(one: ast.expr, other: ast.expr, names: Mapping[str, Meaning]) -> None:
    """A category is compared with its own codes, so that a misspelt one is no silent 'no'."""
    if isinstance(one, ast.Name) and isinstance(other, ast.Constant):
        codes = names[one.id].codes
        if codes and other.value not in codes:
            near = difflib.get_close_matches(str(other.value), codes, 1)
            hint = (
                say("Did you mean {near!r}?", near=near[0])
                if near
                else say("Use one of the codes.")
            )
            raise ExpressionError(
                repr(other.value),
                say("a code of {name}: {codes}", name=one.id, codes=", ".join(codes)),
                hint,
            )
