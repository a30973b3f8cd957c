"""The fixed people of every door test: a founder, each role, a colleague elsewhere, an outsider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model

from studies.access import acting_as
from studies.models import Role, Site, Study
from studies.services import consent_policy_set, membership_grant, site_of, study_create


@dataclass(frozen=True)
class People:
    """A study with two hospitals and who may do what in it."""

    study: Study
    here: Site
    elsewhere: Site
    administrator: Any
    coordinator: Any
    statistician: Any
    colleague: Any
    outsider: Any

    @property
    def members(self) -> dict[str, Any]:
        names = ("administrator", "coordinator", "statistician", "colleague")
        return {name: getattr(self, name) for name in names}


def make_people(name: str = "A study", is_simulated: bool = False, waived: bool = True) -> People:
    """``colleague`` is a collaborator at the site called South only.

    ``waived``: the study has decided that consent is not recorded here.
    """
    users = {role: _user(role) for role in ("administrator", "coordinator", "statistician")}
    users |= {"colleague": _user("colleague"), "outsider": _user("outsider")}
    study = study_create(name, users["administrator"], is_simulated=is_simulated)
    with acting_as(users["administrator"]):
        here, elsewhere = site_of(study, "North"), site_of(study, "South")
        membership_grant(study, users["coordinator"], Role.COORDINATOR)
        membership_grant(study, users["statistician"], Role.STATISTICIAN)
        membership_grant(study, users["colleague"], Role.COLLABORATOR, elsewhere)
        if waived:
            consent_policy_set(study, users["administrator"], False, "consent is kept on paper")
    return People(study, here, elsewhere, **users)


def just_people(before: None, patch: object) -> People:
    """What every test with people begins from (``tests.begun``)."""
    return make_people()


def _user(name: str) -> Any:
    users = get_user_model()._default_manager
    return users.create_user(username=name, email=f"{name}@example.org", password="correct horse")
