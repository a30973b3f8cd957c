"""What a request names and no description of the API knows is refused, never left out.

An answer to ``?cohrt=x`` without the filter would be of everybody: a wrong number. The names are
those of the schema itself (``extend_schema``), so that what is described is what is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from inspect import isclass
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from studies.errors import UnknownNamesError
from studies.methods.problems import Problem
from studies.methods.wording import say

ALWAYS = ("format",)  # how the answer is written, never what is in it
OF_FORMS = ("csrfmiddlewaretoken",)
FOR_PAGES = ("limit", "offset", "page", "per_page", "pagesize", "size")  # others' words


class KnownNames:
    """Of a view.

    ``any_name``: actions whose query names variables, ``by_column``: those whose query names
    columns with a point (``clinical.sex``); their services refuse what is none.
    """

    any_name: Collection[str] = ()
    by_column: Collection[str] = ()

    def refuse_unknown_names(self, request: Request) -> None:
        """Raise UnknownNamesError for each name in query and body that the action does not take."""
        action, method = getattr(self, "action", None), str(request.method)
        if action is None or method == "OPTIONS":
            return  # no such method: 405
        problems = []
        if action not in self.any_name:
            known = query_names(type(self), action, method)
            asked = [name for name in request.query_params if name not in known]
            columns = action in self.by_column
            problems += [_unasked(name, known) for name in asked if not (columns and "." in name)]
        if method in ("POST", "PUT", "PATCH", "DELETE"):
            problems += _in_the_body(self, request, action, method)
        if problems:
            raise UnknownNamesError(problems)


def _in_the_body(view: Any, request: Request, action: str, method: str) -> Iterator[Problem]:
    shape = _described(type(view), action, method, view).get_request_serializer()
    if isinstance(shape, dict):
        shape = next(iter(shape.values()))
    if isclass(shape) and issubclass(shape, serializers.BaseSerializer):
        shape = shape()
    if isinstance(shape, serializers.BaseSerializer):
        yield from unknown_fields(shape, request.data)
    elif shape is None and isinstance(request.data, Mapping):
        yield from (_unsettable(name, ()) for name in request.data if name not in OF_FORMS)


def unknown_fields(shape: Any, data: Any, place: str = "") -> Iterator[Problem]:
    """A problem for each name in ``data`` that ``shape`` would leave out, at any depth."""
    if isinstance(shape, serializers.ListSerializer | serializers.ListField):
        for number, one in enumerate(data if isinstance(data, list) else ()):
            yield from unknown_fields(shape.child, one, f"{place}[{number}]")
    if not isinstance(shape, serializers.Serializer) or not isinstance(data, Mapping):
        return
    known = {name: field for name, field in shape.fields.items() if not field.read_only}
    for name in data:
        if name not in known and name not in OF_FORMS:
            yield _unsettable(name, known, place)
    for name, field in known.items():
        if name in data:
            yield from unknown_fields(field, data[name], f"{place}.{name}".lstrip("."))


@cache
def query_names(view: type[Any], action: str, method: str) -> frozenset[str]:
    """What may stand in the query of an action: its own names, its filters, those for pages."""
    found, instance = set(ALWAYS), view()
    instance.request, instance.kwargs, instance.action = None, {}, action
    described = _described(view, action, method, instance)
    if action == "list":
        found |= {"cursor", "page_size"} if getattr(view, "pagination_class", None) else set()
        found |= set(getattr(view, "filterset_fields", ()))
    for parameter in described.get_override_parameters():
        if not isinstance(parameter, OpenApiParameter):
            found |= set(parameter().fields)
        elif parameter.location == OpenApiParameter.QUERY:
            (found.discard if parameter.exclude else found.add)(parameter.name)
    return frozenset(found)


def _described(view: type[Any], action: str, method: str, instance: Any) -> Any:
    """The description of an action, as the schema is made from it."""
    stated = getattr(getattr(view, action), "kwargs", {}).get("schema") or instance.schema
    described = (stated if isclass(stated) else type(stated))()
    described.view, described.method, described.path = instance, method, ""
    return described


def _unasked(name: str, known: Collection[str]) -> Problem:
    asked = sorted(set(known) - set(ALWAYS))
    if name in FOR_PAGES and "page_size" in known:
        remedy = say("page_size is the size of a page; next leads to the page after.")
    else:
        remedy = _remedy(name, asked)
    return Problem("query", name, _one_of(asked), remedy, column=name)


def _unsettable(name: str, known: Collection[str], place: str = "") -> Problem:
    return Problem(place or "body", name, _one_of(known), _remedy(name, known), column=name)


def _one_of(known: Collection[str]) -> str:
    names = ", ".join(known)
    return say("one of {known}", known=names) if known else say("no name here")


def _remedy(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, 1)
    return say("Did you mean {name}?", name=near[0]) if near else say("Leave it out.")
