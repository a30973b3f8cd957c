"""What is released of a study, and what changed since somebody was last here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from modeling.models import ModelVersion, Report, VersionEvent, VersionKind
from modeling.overviews import active_versions
from modeling.selectors.reports import report_figure_count
from studies.desks import last_visit
from studies.models import Study

NEWEST = 5


def released_panel(study: Study, user: Any) -> dict[str, Any] | None:
    """Versions in force, the report and its figures; a nomogram leads to its calculator."""
    report = Report.objects.filter(study=study).defer("content").first()
    since = last_visit(user, study)
    return {
        "study": study,
        "active": [(event, _what(event.version)) for event in active_versions(study)],
        "report": report,
        "figures": report_figure_count(report) if report else 0,
        "since": since,
        "changes": _changes(study, since) if since else [],
    }


def _what(version: ModelVersion) -> str:
    return "modeling:calculator" if version.kind == VersionKind.NOMOGRAM else "modeling:card"


def _changes(study: Study, since: datetime) -> list[dict[str, Any]]:
    """New reports and moves of versions, the newest first."""
    events = VersionEvent.objects.filter(study=study, created_at__gt=since)
    events = events.select_related("version", "acted_by").order_by("-id")[:NEWEST]
    reports = Report.objects.filter(study=study, created_at__gt=since).defer("content")[:NEWEST]
    found = [{"at": event.created_at, "event": event} for event in events]
    found += [{"at": report.created_at, "report": report} for report in reports]
    return sorted(found, key=lambda change: change["at"], reverse=True)[:NEWEST]
