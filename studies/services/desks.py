"""What the product keeps for one person: visits, what the bell has told, the tour, saved views."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import SavedView, Study, StudyVisit

NEW_VISIT = timedelta(minutes=30)
WRITTEN_AGAIN = timedelta(minutes=2)
MOST_VIEWS = 20


def visit_mark(study: Study, user: Any) -> StudyVisit:
    """Somebody is here; after half an hour away it is a new visit, and the last one is kept."""
    now = timezone.now()
    visit, is_first = StudyVisit.objects.get_or_create(
        study=study, user=user, defaults={"seen_at": now}
    )
    away = now - visit.seen_at
    if not is_first and away > WRITTEN_AGAIN:
        before = visit.seen_at if away > NEW_VISIT else visit.before_at
        StudyVisit.objects.filter(pk=visit.pk).update(seen_at=now, before_at=before)
        visit.before_at = before
    return visit


def bell_told(user: Any, studies: Any) -> None:
    """Everything that has ended so far is seen."""
    now = timezone.now()
    rows = [StudyVisit(study=study, user=user, seen_at=now, told_at=now) for study in studies]
    StudyVisit.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["study", "user"],
        update_fields=["told_at"],
    )


def tour_hide(study: Study, user: Any) -> None:
    visit_mark(study, user)
    StudyVisit.objects.filter(study=study, user=user).update(tour_hidden_at=timezone.now())


def view_save(study: Study, user: Any, page: str, name: str, query: str) -> SavedView:
    """A list's filters, order and columns under a name; the same name is written over."""
    name = name.strip()
    mine = SavedView.objects.filter(study=study, user=user, page=page)
    if not name or len(name) > 80 or len(query) > 1000:
        raise refuse(
            "name", name[:80] or say("nothing"), "a name of 1 to 80 characters", "Name it."
        )
    if mine.exclude(name=name).count() >= MOST_VIEWS:
        found, remedy = (
            say("{most_views} views of this list", most_views=MOST_VIEWS),
            say("Remove one first."),
        )
        raise refuse("name", found, say("at most {most_views}", most_views=MOST_VIEWS), remedy)
    view, _ = SavedView.objects.update_or_create(
        study=study, user=user, page=page, name=name, defaults={"query": query}
    )
    return view


def view_delete(study: Study, user: Any, uid: Any) -> str:
    """Forget a view; the name of its page, or nothing when there is none."""
    view = SavedView.objects.filter(study=study, user=user, uid=uid).first()
    if view is None:
        return ""
    view.delete()
    return view.page
