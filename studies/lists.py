"""Every list is one of these: search, filters as chips, order, columns, saved views, bulk, CSV."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import override

from studies import access
from studies.filter_chips import Chip, chips, unknown_chips
from studies.list_sources import Rows, Source
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import ReadAction, SavedView, Study
from studies.paging import Page
from studies.sealed import MARK, seal, searched, unseal
from studies.services import read_record
from studies.tables import csv_response

MOST_ROWS_OF_A_FILE = 10_000
PLACES = ("after", "before", "format", "tour")


@dataclass(frozen=True)
class Column:
    """A column: what stands in a cell, and the field it is sorted by (none: it is not).

    ``plain`` is what a file says instead, where a cell leads on rather than tells.
    """

    key: str
    title: str
    cell: Callable[[Any, Study], Any]
    order: str = ""
    numeric: bool = False
    wraps: bool = False
    shown: bool = True
    plain: Callable[[Any, Study], Any] | None = None


@dataclass(frozen=True)
class Bulk:
    """Something done with the chosen rows: the name of an address that takes their uids."""

    word: str
    url_name: str
    question: str
    right: str = "aggregates"


@dataclass(frozen=True)
class Empty:
    """What an empty list says to do first."""

    title: str
    text: str
    url_name: str = ""
    action: str = ""


@dataclass(frozen=True)
class Listing:
    """The shape of a list at the address ``page`` (a name that takes the study's ``uid``)."""

    page: str
    title: str
    columns: tuple[Column, ...]
    empty: Empty
    key: str = "id"
    newest_first: bool = True
    sort: str = ""  # the column it is sorted by unasked (``-column``: the largest first)
    search: tuple[str, ...] = ()
    search_word: str = say("Search")
    names_patients: bool = False
    has_file: bool = True
    bulk: tuple[Bulk, ...] = ()

    def column(self, key: str) -> Column | None:
        return next((column for column in self.columns if column.key == key), None)


@dataclass(frozen=True)
class Head:
    column: Column
    url: str
    direction: str  # ascending, descending, or nothing


@dataclass(frozen=True)
class Line:
    uid: Any
    cells: list[tuple[Column, Any]]


@dataclass(frozen=True)
class Shown:
    """A list as one page shows it."""

    listing: Listing
    heads: list[Head]
    lines: list[Line]
    page: Page
    chips: list[Chip]
    form: Any
    search: str
    chosen: set[str]
    kept: list[tuple[str, str]]  # what a form of the bar carries on
    filters: list[tuple[str, str]]
    views: list[SavedView]
    query: str
    csv_url: str
    bulk: list[Bulk]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search) or not all(chip.is_unknown for chip in self.chips)


def list_response(
    request: HttpRequest,
    study: Study,
    listing: Listing,
    rows: QuerySet | Source,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    counted: QuerySet | None = None,
    narrowed: django_filters.FilterSet | None = None,
    more_chips: Sequence[Chip] = (),
    more_names: Collection[str] = (),
    rows_of: Callable[[Sequence[Any]], Iterable[Any]] = list,
) -> HttpResponse:
    """The whole page, its CSV, or the way back after a search was sent.

    ``rows`` is a queryset, or a source that pages itself. ``rows_of`` reads what stands beside the
    rows of one page, in as many queries as it likes; ``counted`` are the same rows where they are
    counted better than they are read. ``more_names`` are what the view itself reads of the address.
    """
    if listing.search and (away := search_address(request, study, listing.names_patients)):
        return redirect(away)
    search = search_of(request, study) if listing.search else ""
    sort = request.GET.get("sort", "") or listing.sort
    source, order = _source(listing, rows, counted).found(search), _order(listing, sort)
    chosen = _chosen(listing, request.GET.getlist("column"))
    rights = access.rights_of(request.user, study)
    may_take = listing.has_file and (not listing.names_patients or "download" in rights)
    asked = [*(chips(narrowed) if narrowed else ()), *more_chips]
    asked += unknown_chips(request.GET, _known_names(listing, narrowed, more_names))
    if request.GET.get("format") == "csv" and may_take:
        _refuse_unknown(asked)
        with override("en"):  # what is exchanged is English
            found = _whole(source.first(order, MOST_ROWS_OF_A_FILE + 1))
            return _file(request, study, listing, found, chosen, rows_of)
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    page = source.page(order, place)
    request.has_read = ([column.key for column in chosen], len(page.rows))  # type: ignore[attr-defined]
    shown = Shown(
        listing=listing,
        heads=[_head(column, request.GET, sort) for column in chosen],
        lines=_lines(page.rows, chosen, study, rows_of),
        page=page,
        chips=asked,
        form=narrowed.form if narrowed else None,
        search=search,
        chosen={column.key for column in chosen},
        kept=_pairs(request.GET, keep=("sort", "column", "search")),
        filters=_pairs(request.GET, drop=("column", *PLACES)),
        views=list(SavedView.objects.filter(study=study, user=request.user, page=listing.page)),
        query=_query(request.GET),
        csv_url=f"?{_query(request.GET, format='csv')}" if may_take else "",
        bulk=[one for one in listing.bulk if one.right in rights],
    )
    told = {"study": study, "page": page, "chips": shown.chips, "shown": shown}
    return render(request, template, {**told, **(context or {})})


def _known_names(
    listing: Listing, narrowed: django_filters.FilterSet | None, more_names: Collection[str]
) -> set[str]:
    own = {"sort", "column", *PLACES, *({"search"} if listing.search else ())}
    return own | set(more_names) | (set(narrowed.filters) if narrowed else set())


def _refuse_unknown(asked: Sequence[Chip]) -> None:
    """A file cannot say beside its rows that it was not narrowed."""
    for chip in asked:
        if chip.is_unknown:
            raise refuse("CSV", str(chip.text), say("filters of this list"), say("Remove it."))


def _whole(found: Sequence[Any]) -> Sequence[Any]:
    """A file has all of a list or is none: nobody would see where it was cut."""
    if len(found) > MOST_ROWS_OF_A_FILE:
        most = say("at most {most:,} rows in one file", most=MOST_ROWS_OF_A_FILE)
        found_now = say("more than {most:,} rows", most=MOST_ROWS_OF_A_FILE)
        raise refuse("CSV", found_now, most, say("Narrow the list by a filter or a search."))
    return found


def _lines(
    rows: Sequence[Any],
    columns: Sequence[Column],
    study: Study,
    rows_of: Callable[[Sequence[Any]], Iterable[Any]],
) -> list[Line]:
    return [
        Line(row.uid, [(column, column.cell(told, study)) for column in columns])
        for row, told in zip(rows, rows_of(rows), strict=True)
    ]


def _source(listing: Listing, rows: QuerySet | Source, counted: QuerySet | None) -> Source:
    if not isinstance(rows, QuerySet):
        return rows
    counted = rows if counted is None else counted
    return Rows(rows, counted, listing.search, listing.key, listing.newest_first)


def _order(listing: Listing, sort: str) -> str:
    """The field to sort by, with its sign; nothing: the list's own order."""
    column = listing.column(sort.removeprefix("-"))
    if column is None or not column.order:
        return ""
    return f"-{column.order}" if sort.startswith("-") else column.order


def _head(column: Column, asked: QueryDict, sort: str) -> Head:
    """Pressing a heading sorts by it, pressing again turns the order."""
    is_here = bool(column.order) and sort.removeprefix("-") == column.key
    falls = is_here and sort.startswith("-")
    turned = f"-{column.key}" if is_here and not falls else column.key
    url = f"?{_query(asked, sort=turned)}" if column.order else ""
    return Head(column, url, ("descending" if falls else "ascending") if is_here else "")


def _chosen(listing: Listing, keys: Sequence[str]) -> list[Column]:
    """The columns asked for; the first one always stays, since it leads on."""
    first, *others = listing.columns
    asked = {key for key in keys if listing.column(key)}
    return [first, *(c for c in others if (c.key in asked if asked else c.shown))]


def _file(
    request: HttpRequest,
    study: Study,
    listing: Listing,
    found: Sequence[Any],
    columns: Sequence[Column],
    rows_of: Callable[[Sequence[Any]], Iterable[Any]],
) -> HttpResponse:
    """What the list shows, as narrowed and ordered, without its pages."""
    columns = [replace(column, cell=column.plain or column.cell) for column in columns]
    titles = [str(column.title) for column in columns]
    lines = [
        [_plain(cell) for _, cell in line.cells] for line in _lines(found, columns, study, rows_of)
    ]
    if listing.names_patients:
        name = listing.page.split(":")[-1]
        read_record(study, request.user, ReadAction.DOWNLOAD, name, "", titles, len(found))
        request.read_as = ("", "", "")  # type: ignore[attr-defined]  # kept here
    return csv_response(f"{listing.page.split(':')[-1]}.csv", titles, lines)


def _plain(cell: Any) -> Any:
    if isinstance(cell, SafeString):
        return " ".join(_unescaped(strip_tags(cell)).split())
    return cell


def _unescaped(text: str) -> str:
    for sign in "&<>\"'":
        text = text.replace(str(escape(sign)), sign)
    return text


def search_of(request: HttpRequest, study: Study) -> str:
    """What the address says to look for, in clear or sealed."""
    return searched(unseal(request.GET.get("search", ""), str(study.uid)))


def search_address(request: HttpRequest, study: Study, names_patients: bool) -> str:
    """Where a search that was sent or typed into the address goes on; nothing: it stands.

    Where patients are listed, the address carries it sealed: a pseudonym is read in none of ours.
    """
    if request.method == "POST":
        said = searched(request.POST.get("search", "")) if "search" in request.POST else None
    else:
        typed = request.GET.get("search", "")
        said = searched(typed) if names_patients and not typed.startswith(MARK) else None
        said = said or None
    if said is None:
        return ""
    word = seal(said, str(study.uid)) if said and names_patients else said
    return f"{request.path}?{_query(request.GET, search=word)}"


def _pairs(
    asked: QueryDict, keep: Sequence[str] = (), drop: Sequence[str] = ()
) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in asked.lists()
        for value in values
        if (name in keep if keep else name not in drop) and value
    ]


def _query(asked: QueryDict, **changed: str) -> str:
    rest = asked.copy()
    for name in PLACES:
        rest.pop(name, None)
    for name, value in changed.items():
        rest[name] = value
    if not rest.get("search", "-"):
        rest.pop("search")
    return rest.urlencode()
