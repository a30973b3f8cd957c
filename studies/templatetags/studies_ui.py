"""What templates need to draw: icons, states as icon and word, values with their units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import yaml
from django import template
from django.db.models import Model
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from studies import access, desks, glance_words, homes, job_reads, languages, registry
from studies.help import glossary
from studies.methods.units import readable_unit
from studies.methods.wording import say as _
from studies.models import ImportBatch, Job, Study, UseTrace
from studies.value_words import word_of

register = template.Library()

ICONS = {
    "check": '<path d="M4 12.5l5 5 11-11"/>',
    "circle": '<circle cx="12" cy="12" r="8"/>',
    "half": '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
    "alert": '<path d="M12 4L2.8 20h18.4z"/><path d="M12 10v4.5M12 17.2v.3"/>',
    "bolt": '<path d="M8 3h8l5 5v8l-5 5H8l-5-5V8z"/><path d="M12 7.5v5.5M12 16v.3"/>',
    "stop": '<circle cx="12" cy="12" r="8.5"/><path d="M6.2 6.2l11.6 11.6"/>',
    "lock": '<rect x="5" y="11" width="14" height="9"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>',
    "refresh": '<path d="M19 8A8 8 0 1 0 20 13"/><path d="M20 3v5h-5"/>',
    "play": '<path d="M7 4.5v15l12.5-7.5z"/>',
    "upload": '<path d="M12 16V4.5M7 9l5-5 5 5M4 16v4h16v-4"/>',
    "download": '<path d="M12 4v11.5M7 11l5 5 5-5M4 16v4h16v-4"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L21 21"/>',
    "x": '<path d="M6 6l12 12M18 6L6 18"/>',
    "right": '<path d="M9 5l7 7-7 7"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4 21c.8-5 4-7 8-7s7.200 2 8 7"/>',
    "up": '<path d="M12 20V5M6 11l6-6 6 6"/>',
    "down": '<path d="M12 4v15M6 13l6 6 6-6"/>',
    "pencil": '<path d="M4 20l1-4L16.500 4.500l3 3L8 19z"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "bell": '<path d="M6 17V11a6 6 0 0 1 12 0v6l1.500 2H4.500z"/><path d="M10 21h4"/>',
    "columns": '<rect x="4" y="5" width="16" height="14" rx="1.5"/><path d="M10 5v14M15 5v14"/>',
    "star": '<path d="M12 4l2.5 5.2 5.5.6-4 3.8 1 5.6-5-2.900-5 2.900 1-5.600-4-3.8 5.500-.6z"/>',
    "copy": '<rect x="8" y="8" width="12" height="12" rx="1.5"/><path d="M16 8V4H4v12h4"/>',
}

# state -> (icon, word, tone); a state is told by shape and word, colour only helps
STATES = {
    "done": ("check", _("Done"), "ready"),
    "ready": ("check", _("Ready"), "ready"),
    "succeeded": ("check", _("Succeeded"), "ready"),
    "complete": ("check", _("Complete"), "ready"),
    "active": ("check", _("Active"), "ready"),
    "pass": ("check", _("Pass"), "ready"),
    "warn": ("alert", _("Warn"), "failed"),
    "fail": ("bolt", _("Fail"), "errored"),
    "partial": ("half", _("Partly done"), "running"),
    "running": ("half", _("Running"), "running"),
    "waiting": ("clock", _("Waiting"), "running"),
    "received": ("clock", _("Received"), "idle"),
    "queued": ("clock", _("Queued"), "idle"),
    "todo": ("circle", _("To do"), "idle"),
    "empty": ("circle", _("Nothing yet"), "idle"),
    "blocked": ("lock", _("Waits for others"), "idle"),
    "stale": ("refresh", _("Out of date"), "failed"),
    "attention": ("alert", _("Needs you"), "failed"),
    "failed": ("alert", _("Failed"), "failed"),
    "stored": ("check", _("Stored"), "ready"),
    "same": ("check", _("Same as before"), "ready"),
    "left_out": ("circle", _("Left out"), "idle"),
    "refused": ("alert", _("Refused"), "failed"),
    "held": ("clock", _("Held back"), "failed"),
    "conflict": ("alert", _("Conflict"), "failed"),
    "quarantined": ("lock", _("Quarantine"), "failed"),
    "discarded": ("x", _("Thrown away"), "idle"),
    "arrived_again": ("refresh", _("Came again"), "idle"),
    "errored": ("bolt", _("Errored"), "errored"),
    "cancelled": ("stop", _("Cancelled"), "idle"),
    "draft": ("half", _("Draft"), "running"),
    "verified": ("check", _("Verified"), "ready"),
    "locked": ("lock", _("Locked"), "ready"),
    "open": ("alert", _("Open"), "failed"),
    "answered": ("half", _("Answered"), "running"),
    "closed": ("check", _("Closed"), "ready"),
    "looked": ("clock", _("To describe"), "running"),
    "checked": ("half", _("To confirm"), "running"),
    "reverted": ("stop", _("Reverted"), "idle"),
    "ended": ("stop", _("Ended"), "idle"),
    "met": ("check", _("Met"), "ready"),
    "not_met": ("x", _("Not met"), "failed"),
    "unknown": ("circle", _("Not known"), "idle"),
    "overridden": ("person", _("Overridden"), "running"),
    "eligible": ("check", _("Eligible"), "ready"),
    "not_eligible": ("x", _("Not eligible"), "failed"),
    "undetermined": ("circle", _("Not yet known"), "idle"),
    "validated": ("half", _("Validated"), "running"),
    "released": ("check", _("Released"), "ready"),
    "retired": ("stop", _("Retired"), "idle"),
}


ROOMS = ("studies", "imaging")


@register.simple_tag(takes_context=True)
def room_styles(context: template.Context) -> SafeString:
    """The styles of the app whose page this is, beside the design system's."""
    match = getattr(context.get("request"), "resolver_match", None)
    if match is None or match.app_name not in ROOMS:
        return mark_safe("")
    return format_html('<link rel="stylesheet" href="{}">', static(f"{match.app_name}.css"))


@register.simple_tag(takes_context=True)
def person_mark(context: template.Context) -> str:
    """Tells one person's pages from another's without naming them: what is typed stays theirs."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated:
        return ""
    return salted_hmac("studies.person_mark", str(user.pk)).hexdigest()[:16]


@register.inclusion_tag("_partials/bell.html", takes_context=True)
def bell(context: template.Context) -> dict[str, Any]:
    """What has ended of the user's jobs since they looked."""
    return {"bell": desks.bell_of(context["request"].user)}


@register.inclusion_tag("_partials/tour.html", takes_context=True)
def tour(context: template.Context) -> dict[str, Any]:
    """The place in the tour that the address names."""
    request, study = context["request"], context["study"]
    asked = request.GET.get("tour", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 3 else 0
    role = homes.role_of(access.rights_of(request.user, study))
    place = desks.tour_place(role, number)
    return {"place": place, "study": study, "csrf_token": context.get("csrf_token")}


@register.filter
def as_typed(value: Any) -> str:
    """A value of a recipe or plan as people write it: a list with commas, nothing by that word."""
    if isinstance(value, Mapping):
        pairs = (f"{word_of(name)} {as_typed(one)}" for name, one in value.items())
        return "; ".join(pairs) or gettext("nothing")
    if isinstance(value, list | tuple):
        return ", ".join(map(as_typed, value)) or gettext("nothing")
    if isinstance(value, bool):
        return word_of("yes" if value else "no")
    return gettext("nothing") if value is None else str(value)


@register.filter
def spoken(items: Any) -> list[dict[str, Any]]:
    """Problems or notices, stored or not, in the language of the page."""
    return languages.spoken_items(items)


@register.filter
def say_here(text: Any) -> Any:
    """One sentence or word of the product in the language of the page; what is unknown stays."""
    if isinstance(text, Model):
        text = str(text)
    if isinstance(text, bool):
        return word_of("yes" if text else "no")
    return text if isinstance(text, int | float) else languages.spoken(text)


register.filter("label_said", languages.label_said)


@register.filter
def texts(value: Any) -> list[str]:
    """What a list holds, each as the page says it: notices by their text."""
    return [_text_of(one) for one in value]


def _text_of(one: Any) -> str:
    if isinstance(one, dict) and "text" in one:
        return str(languages.spoken_item(one)["text"])
    plain = isinstance(one, Mapping | list | tuple | bool) or one is None
    return as_typed(one) if plain else languages.spoken(one)


register.filter("glance_word", glance_words.said)


@register.simple_tag
def icon(name: str) -> SafeString:
    shapes = mark_safe(ICONS.get(name, ICONS["circle"]))
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', shapes)


@register.simple_tag
def term(word: str, shown: str = "") -> SafeString:
    """A word of the glossary that says what it means on pointing, focus or tapping."""
    shown = shown.replace("%%", "%")  # as a template's _() leaves a per cent sign
    found = glossary().get(word.lower())
    if found is None:
        return conditional_escape(shown or word)
    url = f"{reverse('studies:help_page', args=['glossary'])}#{found.anchor}"
    text = '<a class="term" href="{}" data-tip="{}">{}</a>'
    here = shown or (word if word.lower() == found.word.lower() else found.word)
    return format_html(text, url, found.text, here)


@register.simple_tag
def sourced(value: object, version: object = "", n: int | None = None, url: str = "") -> SafeString:
    """A number of a result that says which version it comes from, and of how many."""
    tip = _source(version, n)
    if url:
        return format_html('<a class="sourced" href="{}" data-tip="{}">{}</a>', url, tip, value)
    text = '<button type="button" class="sourced" data-tip="{}">{}</button>'
    return format_html(text, tip, value)


@register.simple_tag
def told_of(version: object, n: int | None = None) -> SafeString:
    """The same for a cell of a table: what it says on hover or tap, as an attribute.

    One number of each row is a ``sourced`` one, which the keyboard reaches too.
    """
    return format_html(' data-tip="{}"', _source(version, n))


def _source(version: object, n: int | None) -> str:
    said = [str(say_here(version))] if version else []
    return ", ".join([*said, f"n {n}"] if n is not None else said)


@register.simple_tag
def state(value: str) -> SafeString:
    """A state as icon and word."""
    shape, word, tone = STATES.get(value) or ("circle", capfirst(word_of(value)), "idle")
    return format_html('<span class="state state-{}">{} {}</span>', tone, icon(shape), word)


def state_choices(states: Iterable[str]) -> list[tuple[str, Any]]:
    """States with the words that lists show them by, for who narrows a list."""
    return [(value, gettext_lazy(str(STATES[value][1]))) for value in states]


@register.simple_tag
def state_tone(value: str) -> str:
    return STATES.get(value, ("", "", "idle"))[2]


@register.simple_tag
def state_word(value: str) -> Any:
    return STATES[value][1] if value in STATES else word_of(value)


@register.simple_tag
def state_icon(value: str) -> SafeString:
    return icon(STATES.get(value, ("circle", "", "idle"))[0])


@register.filter
def words(value: object) -> str:
    """``external_response`` as ``external response``, in the language of the page."""
    return word_of(value)


@register.simple_tag
def changes_of_a_row() -> tuple[tuple[str, str, str], ...]:
    return (
        ("up", "up", _("Move up")), ("down", "down", _("Move down")), ("remove", "x", _("Remove")),
    )  # fmt: skip


@register.filter
def unit(variable: Any) -> str:
    """The variable's unit as people write it."""
    return languages.spoken(readable_unit(variable.unit or "", variable.name))


@register.filter
def bounds(variable: Any) -> str:
    """The admissible range in words."""
    return _range(variable.minimum, variable.maximum)


@register.filter
def plausible_bounds(variable: Any) -> str:
    return _range(variable.plausible_minimum, variable.plausible_maximum)


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "–"
    if low is None:
        return gettext("up to {high:.12g}").format(high=high)
    if high is None:
        return gettext("from {low:.12g}").format(low=low)
    return gettext("{low:.12g} to {high:.12g}").format(low=low, high=high)


@register.filter
def short_hash(value: object) -> str:
    return str(value or "")[:12]


@register.filter
def elapsed(seconds: float | timedelta | None) -> str:
    """A length of time as a person says it: 4.2 s, 3 min 05 s, 2 h 10 min."""
    if seconds is None:
        return "–"
    total = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    if total < 0.1:
        return gettext("under 0.1 s")
    if total < 10:
        return gettext("{seconds:.1f} s").format(seconds=total)
    minutes, rest = divmod(round(total), 60)
    if minutes == 0:
        return gettext("{seconds} s").format(seconds=rest)
    hours, left = divmod(minutes, 60)
    if hours:
        return gettext("{hours} h {minutes:02d} min").format(hours=hours, minutes=left)
    return gettext("{minutes} min {seconds:02d} s").format(minutes=minutes, seconds=rest)


@register.filter
def signed_percent(share: float | None) -> str:
    """A change as +25 % or -30 %, with a true minus sign; a dash where there is none."""
    if share in (None, ""):
        return "–"
    percent = 100 * float(share)
    return f"{'+' if percent > 0 else '−' if percent < 0 else ''}{abs(percent):.1f} %"


@register.filter
def p_value(value: float | None) -> str:
    """As computed: three decimals, or two digits and a power of ten; never cut off."""
    if value is None:
        return ""
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


@register.filter
def total(counts: dict[str, int]) -> int:
    return sum(counts.values())


@register.filter
def get(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key) if mapping else None


@register.filter
def six_digits(text: Any) -> Any:
    """A number that was kept to its last digit, as one reads it; anything else as it is."""
    try:
        return f"{float(text):.6g}" if len(str(text)) > 8 else text
    except ValueError:
        return text


@register.filter
def at(rows: Any, place: int) -> Any:
    """The item at a place of a list."""
    return rows[place]


@register.filter
def lists(numbers: str | None, position: int) -> bool:
    """Whether ``"2 10"`` names the position."""
    return str(position) in str(numbers or "").split()


@register.filter
def file_size(size: int | None) -> str:
    if size is None:
        return "–"
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


@register.simple_tag
def withdrawn_since(row: Any) -> SafeString:
    """A note on what used patients who have withdrawn since: how many, and since when."""
    if row is None:
        return mark_safe("")
    marks = UseTrace.objects.filter(table=row._meta.db_table, row_id=row.pk, study=row.study_id)
    days = list(marks.order_by("withdrawn_on").values_list("withdrawn_on", flat=True))
    context = {"days": days, "first": days[0] if days else None}
    return mark_safe(render_to_string("_partials/withdrawn_since.html", context) if days else "")


@register.simple_tag
def field(bound: Any, hint: str = "", plain: bool = False) -> SafeString:
    """A form field with its label, help and errors tied to it."""
    context = {"field": bound, "hint": hint, "plain": plain}
    return mark_safe(render_to_string("_partials/field.html", context))


@register.filter
def job_title(job: Job) -> str:
    return job_reads.title_of(job.kind)


register.filter(languages.job_message)


@register.filter
def log_lines(log: Iterable[list[Any]]) -> list[tuple[str, float, str]]:
    """Lines of a job's log, (time, share, message), in the language of the page."""
    return [(line[0], line[1], languages.line_message(line)) for line in log]


@register.filter
def upload_title(kind: str) -> str:
    door = registry.upload_kind(kind)
    return door.title if door else kind


@register.filter
def person(user: Any) -> str:
    return user.get_full_name() or user.email or user.username


BROUGHT = ("lines", "patients", "new", "changed", "same", "joins", "left_out", "bad_lines",
           "removed", "restored")  # fmt: skip


@register.simple_tag(takes_context=True)
def upload_of(context: Any, batch: ImportBatch, study: Study, linked: bool = True) -> str:
    """An upload by its file's name, linked, for whoever may see it; else that it is of others."""
    user = context["request"].user
    if not access.sees_of(user, study, batch.uploaded_by_id, batch.site_ids):
        return gettext("a file that others brought")
    if not linked:
        return batch.filename
    url = reverse("studies:batch", args=[study.uid, batch.uid])
    return format_html('<a href="{}">{}</a>', url, batch.filename)


@register.filter
def in_order(summary: dict[str, Any]) -> list[tuple[str, Any]]:
    """What a file brought, in the order of its story; the rest after it (jsonb sorts its keys)."""
    order = {name: number for number, name in enumerate(BROUGHT)}
    return sorted(summary.items(), key=lambda pair: order.get(pair[0], len(order)))


@register.filter
def short_request(text: str, study_uid: Any) -> str:
    """``POST patients/…/entry/``, ``PATCH api records/…/`` or ``job``, without who and when."""
    verb, _, rest = text.partition(" ")
    if verb == "job" or not rest:
        return verb
    path = rest.split(" ")[0].replace(f"/api/v1/studies/{study_uid}/", "api ")
    return f"{verb} {_UID.sub('…', path.replace(f'/studies/{study_uid}/', ''))}"


_UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@register.filter
def mark_in(name: str, marks: dict[str, str]) -> str:
    """The letter that stands for ``name`` in a table's footnotes."""
    return marks.get(name, "")


@register.filter
def percent(share: float | None) -> str:
    """A share of one as whole per cent."""
    return "–" if share is None else f"{share:.0%}"


@register.filter
def months(days: float) -> str:
    return f"{days / 30.4375:.1f}"


@register.filter
def shape(value: object) -> str:
    """A mapping that holds others, a recipe say, is a document; so is a text of several lines."""
    if isinstance(value, str) and "\n" in value:
        return "document"
    if isinstance(value, dict):
        return "document" if any(isinstance(v, dict) for v in value.values()) else "mapping"
    return "list" if isinstance(value, list | tuple) else "plain"


@register.filter
def as_yaml(value: object) -> str:
    if isinstance(value, str):
        return value
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=None)


@register.filter
def lasted(job: Job) -> timedelta | None:
    return (job.ended_at or timezone.now()) - job.started_at if job.started_at else None


@register.filter
def remaining(job: Job) -> timedelta | None:
    """Time left at the pace so far; nothing before that means something."""
    spent = lasted(job)
    if job.state != "running" or spent is None or job.share < 0.05 or spent.total_seconds() < 3:
        return None
    return spent * (1 - job.share) / job.share


@register.simple_tag(takes_context=True)
def study_tabs(context: template.Context) -> list[dict[str, Any]]:
    """The study's places; the one whose address begins the present one is current.

    A page of another app that lies below none of them belongs to the first place of its app.
    """
    uid, here = context["study"].uid, context["request"].path
    tabs = [*FIRST_TABS, *registry.tabs(), *LAST_TABS]
    places = [(tab.title, reverse(tab.url_name, args=[uid])) for tab in tabs]
    belong = {url: url for _, url in places} | {
        reverse(name, args=[uid]): reverse(tab.url_name, args=[uid])
        for tab in tabs
        for name in tab.also
    }
    below = max((url for url in belong if here.startswith(url)), key=len, default="")
    longest = belong.get(below, "")
    if longest == places[0][1] != here and (match := context["request"].resolver_match):
        of_app = [tab.url_name for tab in registry.tabs()
                  if tab.url_name.startswith(f"{match.app_name}:")]  # fmt: skip
        longest = reverse(of_app[0], args=[uid]) if of_app else longest
    return [{"title": name, "url": url, "current": url == longest} for name, url in places]


FIRST_TABS = (
    registry.Tab(_("Overview"), "studies:overview"),
    registry.Tab(_("At a glance"), "studies:glance"),
    registry.Tab(_("Patients"), "studies:patients", also=("studies:specimens", "studies:exports")),
    registry.Tab(_("Cohorts"), "studies:cohorts"),
)
LAST_TABS = (
    registry.Tab(_("Queries"), "studies:queries"),
    registry.Tab(_("Dictionary"), "studies:dictionaries"),
    registry.Tab(_("Uploads"), "studies:uploads"),
    registry.Tab(_("Jobs"), "studies:jobs"),
    registry.Tab(_("People"), "studies:people"),
)
