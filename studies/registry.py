"""What the other apps tell this one, so that nothing here imports upward.

Each app calls these in ``AppConfig.ready()``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

FORM = "form"  # what mends a gap by hand


@dataclass(frozen=True)
class UploadOption:
    """What is asked beside a file: a choice of values, the first one (often nothing) by default."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    help: str = ""


@dataclass(frozen=True)
class UploadKind:
    """A door for files: what the file is and which job takes it in."""

    name: str
    title: str
    job_kind: str
    accept: str
    help: str
    right: str = "enter"
    order: int = 0
    stage: str = ""
    takes_folders: bool = False  # True: a folder may be chosen; it comes as a zip
    details_url: str = ""  # a page of the batch beside the house's own: study uid, batch uid
    keeps_bytes: bool = True  # False: dropped once taken in, only their digest stays
    overwrites: bool = False  # True: a later file changes what an earlier one said
    options: tuple[UploadOption, ...] = ()
    confirms: bool = False  # True: handed in on a page, it halts to be described and confirmed
    largest: int = 0  # bytes; 0: as large as any upload

    @property
    def accepted(self) -> str:
        """As people read it: ``.csv, .tsv``."""
        return self.accept.replace(",", ", ")


@dataclass(frozen=True)
class Action:
    """A step that a user starts and a job does; ``page`` names the page that starts it."""

    kind: str
    title: str
    stage: str
    description: str
    right: str = "run"
    order: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    page: str = ""


@dataclass(frozen=True)
class StageState:
    """How a stage stands: empty, ready, running, stale or failed."""

    state: str
    headline: str
    detail: str = ""
    url: str = ""


@dataclass(frozen=True)
class Stage:
    key: str
    title: str
    order: int
    state: Callable[[Any, Any], StageState]


@dataclass(frozen=True)
class Tab:
    """A place in the study's navigation: the name of a URL that takes the study's ``uid``."""

    title: str
    url_name: str
    order: int = 0


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
    version: int = 1


@dataclass(frozen=True)
class Uses:
    """Every row of an app below a patient, and how to purge what may not stay."""

    uses_of: Callable[[Any], dict[str, int]]
    purge: Callable[[Any], None]
    tables: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompletenessColumn:
    """Something a patient has or lacks: rows of ``table`` that meet ``condition`` (of alias ``t``).

    ``door`` is the upload that mends a gap, or ``FORM``, the patient's form; without one the
    patient's page does.
    """

    key: str
    title: str
    table: str
    condition: str
    order: int = 0
    door: str = ""


@dataclass(frozen=True)
class GlanceColumn:
    """Something of each patient that the study at a glance counts and narrows by.

    ``read(study)`` gives a value per patient id, as far as the acting user's rows reach: a text of
    ``levels`` (or any, when none are named), or a number when ``kind`` is ``number``. When a table
    that it reads changes, it is read again. ``scope`` is the consent it needs.
    """

    key: str
    title: str
    group: str
    read: Callable[[Any], Any]
    kind: str = "category"
    levels: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    scope: str = ""
    known_before: bool = False
    url_name: str = ""  # where it comes from: the name of a page of the study
    about: Callable[[Any], str] | None = None  # which version of what gave it, of a study
    order: int = 0


@dataclass(frozen=True)
class SelectionUse:
    """What an app above does with selected patients: ``use(study, user, name, selection)``.

    It gives the address to go on at, and refuses a selection that it cannot take.
    """

    key: str
    title: str
    right: str
    use: Callable[[Any, Any, str, Any], str]


@dataclass(frozen=True)
class JobCourse:
    """How a long job goes: (per cent at its end, name) of each stage, and where its result is.

    ``result_key`` of the job's result is the uid that the page ``result_page`` takes.
    """

    kind: str
    stages: tuple[tuple[float, str], ...] = ()
    result_key: str = ""
    result_page: str = ""
    result_word: str = "The result"


@dataclass(frozen=True)
class Trace:
    """A derived row that used a patient, and where it is shown."""

    table: str
    row_id: int
    title: str
    url: str = ""


_uploads: dict[str, UploadKind] = {}
_actions: dict[str, Action] = {}
_job_titles: dict[str, str] = {}
_stages: dict[str, Stage] = {}
_tabs: dict[str, Tab] = {}
_panels: dict[str, PatientPanel] = {}
_page_panels: dict[tuple[str, str], PagePanel] = {}
_tours: dict[tuple[str, int], TourStep] = {}
_facts: dict[str, Callable[[Any], dict[int, Any]]] = {}
_drawn: dict[str, DrawnPage] = {}
_uses: dict[str, Uses] = {}
_columns: dict[str, CompletenessColumn] = {}
_glance: dict[str, GlanceColumn] = {}
_selection_uses: dict[str, SelectionUse] = {}
_courses: dict[str, JobCourse] = {}
_tracers: dict[str, Callable[[Any], list[Trace]]] = {}
_methods: dict[str, Callable[..., Any]] = {}
_spellings: dict[str, str] = {}


def register_upload(kind: UploadKind) -> None:
    _uploads[kind.name] = kind


def upload_kinds() -> list[UploadKind]:
    return sorted(_uploads.values(), key=lambda kind: (kind.order, kind.name))


def upload_kind(name: str) -> UploadKind | None:
    return _uploads.get(name)


def register_action(action: Action) -> None:
    _actions[action.kind] = action


def actions(stage: str | None = None) -> list[Action]:
    found = [a for a in _actions.values() if stage is None or a.stage == stage]
    return sorted(found, key=lambda action: (action.order, action.kind))


def action(kind: str) -> Action | None:
    return _actions.get(kind)


def register_job_title(kind: str, title: str) -> None:
    """What a job does that is neither a step nor the import of a file."""
    _job_titles[kind] = title


def job_title(kind: str) -> str:
    return _job_titles.get(kind, kind)


def register_stage(stage: Stage) -> None:
    _stages[stage.key] = stage


def stages() -> list[Stage]:
    return sorted(_stages.values(), key=lambda stage: stage.order)


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


def register_fact(name: str, reader: Callable[[Any], dict[int, Any]]) -> None:
    """``reader(study)`` gives a value per patient id."""
    _facts[name] = reader


def facts(name: str, study: Any) -> dict[int, Any]:
    """A value per patient id; nothing when no app offers the fact."""
    return _facts[name](study) if name in _facts else {}


def register_uses(
    app_label: str,
    uses_of: Callable[[Any], dict[str, int]],
    purge: Callable[[Any], None],
    tables: tuple[str, ...] = (),
    frozen: tuple[str, ...] = (),
) -> None:
    """``uses_of(patient)`` counts rows by table name; ``purge(patient)`` removes what must go.

    ``frozen`` are the tables that keep what was known of a patient as it stood.
    """
    _uses[app_label] = Uses(uses_of, purge, tables, frozen)


def all_uses() -> dict[str, Uses]:
    return dict(_uses)


def register_completeness(*columns: CompletenessColumn) -> None:
    """Columns of the completeness grid; the next ``migrate`` makes the triggers that keep them."""
    _columns.update({column.key: column for column in columns})


def completeness_columns() -> list[CompletenessColumn]:
    return sorted(_columns.values(), key=lambda column: (column.order, column.key))


def register_glance(*columns: GlanceColumn) -> None:
    _glance.update({column.key: column for column in columns})


def glance_columns() -> list[GlanceColumn]:
    return sorted(_glance.values(), key=lambda column: (column.order, column.key))


def register_selection_use(use: SelectionUse) -> None:
    _selection_uses[use.key] = use


def selection_uses() -> list[SelectionUse]:
    return list(_selection_uses.values())


def register_job_course(course: JobCourse) -> None:
    _courses[course.kind] = course


def job_course(kind: str) -> JobCourse | None:
    return _courses.get(kind)


def register_traces(app_label: str, tracer: Callable[[Any], list[Trace]]) -> None:
    """``tracer(patient)`` lists the frozen and fitted things that used the patient."""
    _tracers[app_label] = tracer


def traces_of(patient: Any) -> list[Trace]:
    return [trace for tracer in _tracers.values() for trace in tracer(patient)]


def register_spelling(words: Mapping[str, str]) -> None:
    """How people write a value that its name alone does not give: ``ada_boost`` as AdaBoost."""
    _spellings.update({value.replace("_", " "): text for value, text in words.items()})


def spelling(text: str) -> str:
    return _spellings.get(text, text)


def register_method(name: str, method: Callable[..., Any]) -> None:
    """A method of an app above that a page below shows, so that the house has one of each."""
    _methods[name] = method


def method(name: str) -> Callable[..., Any]:
    return _methods[name]
