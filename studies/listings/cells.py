"""What stands in the cells of lists: links, moments, days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from studies.models import Study

NOTHING = "–"


def link(name: str, study: Study, uid: Any, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(name, args=[study.uid, uid]), text)


def moment(when: datetime | None) -> str:
    return date_format(when, "DATETIME_FORMAT") if when else NOTHING


def day(when: Any) -> str:
    return date_format(when, "DATE_FORMAT") if when else NOTHING


def patient_link(row: Any, study: Study) -> SafeString:
    return link("studies:patient", study, row.patient.uid, row.patient.pseudonym)
