"""Pages: places in the navigation, panels of other apps' pages, tours, and drawn pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tab:
    """A place in the study's navigation: the name of a URL that takes the study's ``uid``.

    ``also`` names places whose pages belong to it though their addresses lie beside it.
    """

    title: str
    url_name: str
    order: int = 0
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class PatientPanel:
    """A part of the patient page: a template and what fills it.

    ``plain``: the context holds numbers, texts, lists and mappings only, and the API gives it, too.
    """

    title: str
    template: str
    context: Callable[[Any], dict[str, Any]]
    order: int = 0
    plain: bool = False


@dataclass(frozen=True)
class PagePanel:
    """A part that an app above gives to a page of an app below: a template and what fills it."""

    page: str  # name of the page's address
    title: str
    template: str
    context: Callable[[Any, Any], dict[str, Any] | None]  # of study and user; None: not shown
    order: int = 0


@dataclass(frozen=True)
class TourStep:
    """A place that the tour of a role shows: the name of a URL that takes the study's ``uid``."""

    role: str
    order: int
    title: str
    text: str
    url_name: str


@dataclass(frozen=True)
class PageInputs:
    """All that a drawn page is drawn from: JSON-like parts, and the site of every patient shown."""

    parts: tuple[Any, ...]
    patients: dict[int, int]


@dataclass(frozen=True)
class DrawnPage:
    """Figures that a job draws once for the same rows; ``subject`` tells pages of a kind apart.

    ``read`` takes study, user and subject and is quick; ``draw`` takes the same and gives figures
    and what is said beside them, which ``template`` shows. ``plain``: the figures stand side by
    side in a section. Another ``version`` of the drawing draws anew.
    """

    name: str
    title: str
    read: Callable[[Any, Any, str], PageInputs | None]
    draw: Callable[[Any, Any, str], tuple[list[Any], dict[str, Any]]]
    template: str = ""
    plain: bool = False
    version: int = 2


_tabs: dict[str, Tab] = {}
_panels: dict[str, PatientPanel] = {}
_page_panels: dict[tuple[str, str], PagePanel] = {}
_tours: dict[tuple[str, int], TourStep] = {}
_drawn: dict[str, DrawnPage] = {}


def register_tab(tab: Tab) -> None:
    _tabs[tab.url_name] = tab


def tabs() -> list[Tab]:
    return sorted(_tabs.values(), key=lambda tab: tab.order)


def register_patient_panel(panel: PatientPanel) -> None:
    _panels[panel.template] = panel


def patient_panels() -> list[PatientPanel]:
    return sorted(_panels.values(), key=lambda panel: panel.order)


def register_page_panel(panel: PagePanel) -> None:
    _page_panels[panel.page, panel.template] = panel


def page_panels(page: str, study: Any, user: Any) -> list[tuple[PagePanel, dict[str, Any]]]:
    """Panels of a page with what fills them, in their order."""
    mine = sorted((p for p in _page_panels.values() if p.page == page), key=lambda p: p.order)
    filled = [(panel, panel.context(study, user)) for panel in mine]
    return [(panel, context) for panel, context in filled if context is not None]


def register_tour(*steps: TourStep) -> None:
    _tours.update({(step.role, step.order): step for step in steps})


def tour(role: str) -> list[TourStep]:
    """The steps of a role's tour in their order."""
    return [step for (whose, _), step in sorted(_tours.items()) if whose == role]


def register_drawn_page(page: DrawnPage) -> None:
    _drawn[page.name] = page


def drawn_page(name: str) -> DrawnPage:
    """KeyError when there is none."""
    return _drawn[name]


def drawn_pages() -> list[DrawnPage]:
    return [_drawn[name] for name in sorted(_drawn)]
