"""What wizards share: their steps, and what was chosen so far, kept between the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from studies.languages import spoken
from studies.models import Study

Draft = dict[str, str]


@dataclass(frozen=True)
class Wizard:
    """Steps as (key, name); ``needs`` is the field that opens all steps after the first."""

    key: str
    title: str
    page: str
    steps: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]
    needs: str = ""
    open_fields: tuple[str, ...] = ()  # beginnings of the names of further fields

    def draft_of(self, session: Any, study: Study) -> Draft:
        """What was chosen so far; kept in the session, so that going back loses nothing."""
        kept = session.get(self._place(study), {})
        return {name: kept.get(name, "") for name in self._names(kept)}

    def keep(self, session: Any, study: Study, draft: Mapping[str, str], **changed: str) -> Draft:
        """The draft with what changed, kept."""
        whole = {**draft, **changed}
        session[self._place(study)] = {
            name: str(whole.get(name, "")) for name in self._names(whole)
        }
        return dict(session[self._place(study)])

    def forget(self, session: Any, study: Study) -> None:
        session.pop(self._place(study), None)

    def _names(self, kept: Mapping[str, str]) -> list[str]:
        more = (name for name in kept if self.open_fields and name.startswith(self.open_fields))
        return list(dict.fromkeys([*self.fields, *more]))

    def _place(self, study: Study) -> str:
        return f"{self.key}:{study.uid}"

    def url(self, study: Study, step: str) -> str:
        return reverse(self.page, args=[study.uid, step])

    def shown(self, study: Study, here: str, draft: Mapping[str, str]) -> list[dict[str, Any]]:
        """The steps; those that what was chosen leads to have an address."""
        is_open = not self.needs or bool(draft[self.needs])
        return [
            {
                "name": spoken(name),
                "number": number,
                "here": key == here,
                "url": self.url(study, key) if is_open or number == 1 else "",
            }
            for number, (key, name) in enumerate(self.steps, 1)
        ]
