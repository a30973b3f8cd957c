"""What the database itself refuses, one test per rule of the data model."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from studies.access import acting_as
from studies.models import (
    USE_OF_ROLE,
    Cohort,
    CohortMember,
    FormEntry,
    Job,
    Membership,
    Patient,
    Specimen,
    StoredFile,
    StudySite,
    Treatment,
)
from studies.registry import all_uses
from studies.services import dictionary_current, study_create
from tests.people import People

pytestmark = pytest.mark.django_db


def patient(people: People, name: str = "P1", **fields: Any) -> Patient:
    return Patient.objects.create(
        **{"study": people.study, "site": people.here, "pseudonym": name} | fields
    )


def refused(make: Any, *args: Any, **kwargs: Any) -> str:
    def make_and_check() -> None:
        with transaction.atomic():
            make(*args, **kwargs)
            connection.check_constraints()

    with pytest.raises(IntegrityError) as caught:
        make_and_check()
    return str(caught.value)


def cohort(people: People, role: str, name: str = "") -> Cohort:
    return Cohort.objects.create(
        study=people.study, name=name or role, role=role, use=USE_OF_ROLE[role]
    )


def join(who: Patient, into: Cohort, use: str | None = None) -> CohortMember:
    return CohortMember.objects.create(patient=who, cohort=into, use=use or into.use)


@pytest.mark.parametrize("first", ["training", "internal_validation", "none"])
@pytest.mark.parametrize("second", ["training", "internal_validation"])
def test_development_and_validation_exclude_each_other(
    as_coordinator: People, first: str, second: str
) -> None:
    """Whatever is written first: patient's side, first cohort, second cohort."""
    who = patient(as_coordinator)
    groups = {role: cohort(as_coordinator, role) for role in ("training", "internal_validation")}
    if first == "none":
        assert "partition" in refused(join, who, groups[second])
        return
    Patient.objects.filter(pk=who.pk).update(partition=USE_OF_ROLE[first])
    if first == second:
        join(who, groups[second])
        assert "partition" in refused(
            Patient.objects.filter(pk=who.pk).update, partition="validation"
            if first == "training" else "development",
        )  # fmt: skip
    else:
        assert "partition" in refused(join, who, groups[second])


def test_a_member_cannot_lie_about_its_cohorts_use(as_coordinator: People) -> None:
    who, group = patient(as_coordinator, partition="validation"), cohort(as_coordinator, "training")
    assert "of_cohort" in refused(join, who, group, use="validation")


def test_a_cohorts_change_of_use_meets_the_wall(as_coordinator: People) -> None:
    who = patient(as_coordinator, partition="development")
    group = cohort(as_coordinator, "training")
    join(who, group)
    assert "partition" in refused(Cohort.objects.filter(pk=group.pk).update, use="validation")


def test_two_validating_cohorts_may_overlap_and_a_descriptive_one_any(
    as_coordinator: People,
) -> None:
    who = patient(as_coordinator, partition="validation")
    for role in ("internal_validation", "external_response", "histology"):
        join(who, cohort(as_coordinator, role))
    assert who.cohort_memberships.filter(partition=None).count() == 1


def test_a_row_below_a_patient_has_the_patients_study_and_site(as_coordinator: People) -> None:
    who = patient(as_coordinator)
    wrong = Specimen(patient=who, label="S1")
    wrong.site = as_coordinator.elsewhere
    assert "of_patient" in refused(wrong.save)


def test_a_transfer_moves_every_row_at_once(as_coordinator: People) -> None:
    who = patient(as_coordinator)
    specimen = Specimen.objects.create(patient=who, label="S1")
    Patient.objects.filter(pk=who.pk).update(site=as_coordinator.elsewhere)
    specimen.refresh_from_db()
    assert specimen.site == as_coordinator.elsewhere


@pytest.mark.parametrize(
    ("table", "fields"),
    [
        (Patient, {"pseudonym": ""}),
        (Patient, {"pseudonym": "P1", "status": "gone"}),
        (Patient, {"pseudonym": "P1", "status": "withdrawn"}),
        (Patient, {"pseudonym": "P1", "partition": "descriptive"}),
    ],
)
def test_states_are_checked_by_the_database(
    as_coordinator: People, table: Any, fields: dict[str, Any]
) -> None:
    place = {"study": as_coordinator.study, "site": as_coordinator.here}
    refused(table.objects.create, **place, **fields)


def test_keys_are_unique_where_the_model_says(as_coordinator: People) -> None:
    people, who = as_coordinator, patient(as_coordinator)
    refused(patient, people)
    Specimen.objects.create(patient=who, label="S1")
    refused(Specimen.objects.create, patient=patient(people, "P2"), label="S1")
    entry = {
        "patient": who, "form": "baseline", "dictionary": dictionary_current(people.study),
    }  # fmt: skip
    FormEntry.objects.create(**entry)
    refused(FormEntry.objects.create, **entry)
    Treatment.objects.create(patient=who, date="2021-01-01", drug="anti-PD-1")
    refused(Treatment.objects.create, patient=who, date="2021-05-01", drug="anti-PD-1")
    refused(
        Membership.objects.create, study=people.study, user=people.coordinator, role="statistician"
    )
    digest = "a" * 64
    StoredFile.objects.create(study=people.study, sha256=digest, size=1, kind="x")
    refused(StoredFile.objects.create, study=people.study, sha256=digest, size=1, kind="x")
    refused(StoredFile.objects.create, study=people.study, sha256="A" * 64, size=1, kind="x")


def test_a_patients_site_is_a_site_of_the_study(as_coordinator: People) -> None:
    other = study_create("Another", as_coordinator.coordinator)
    with acting_as(as_coordinator.coordinator):
        assert "site_of_study" in refused(
            Patient.objects.create, study=other, site=as_coordinator.here, pseudonym="P1"
        )


def test_a_running_job_has_a_lease(people: People) -> None:
    fields = {"study": people.study, "acting_user": people.coordinator, "kind": "x"}
    refused(Job.objects.create, **fields, idempotency_key="a", state="running")
    refused(Job.objects.create, **fields, idempotency_key="b", state="sleeping")


def test_nothing_with_rows_below_it_is_deleted(as_coordinator: People) -> None:
    who = patient(as_coordinator)
    Specimen.objects.create(patient=who, label="S1")
    statement = "DELETE FROM studies_patient WHERE id = %s"
    with connection.cursor() as cursor:
        assert "violates RESTRICT" in refused(cursor.execute, statement, [who.pk])


@pytest.mark.parametrize("table", ["studies_patient", "studies_cohort"])
def test_the_serving_role_cannot_truncate_or_bypass(db: None, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolbypassrls, rolsuper FROM pg_roles "
                       "WHERE rolname = current_user")  # fmt: skip
        assert cursor.fetchone() == ("isotherm_app", False, False)
        cursor.execute("SELECT has_table_privilege(%s, 'TRUNCATE')", [table])
        assert cursor.fetchone() == (False,)


def columns_of_tables() -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public'"
        )
        found: dict[str, set[str]] = {}
        for table, column in cursor.fetchall():
            found.setdefault(table, set()).add(column)
    return found


# The policies read memberships; a worker claims jobs and the sweep finds them before anyone acts.
WITHOUT_POLICY = {"studies_membership", "studies_membershipevent", "studies_job"}


def test_every_table_of_a_study_has_a_policy_and_every_patient_key_its_tenancy(db: None) -> None:
    tables = columns_of_tables()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename, qual FROM pg_policies WHERE policyname = 'membership'")
        policies = dict(cursor.fetchall())
        cursor.execute("SELECT conrelid::regclass::text FROM pg_constraint "
                       "WHERE conname LIKE '%_of_patient'")  # fmt: skip
        composite = {row[0] for row in cursor.fetchall()}
    for table, columns in tables.items():
        if "study_id" in columns and table not in WITHOUT_POLICY:
            assert table in policies, f"{table} has a study and no row-level policy"
        if "patient_id" in columns and "study_id" in columns:
            assert "site_id" in policies[table], f"{table}: the policy must look at the site"
            is_history = "pgh_id" in columns
            assert is_history or table in composite, f"{table} lacks the composite patient key"


# Of no study: people who sign in, the framework's own, and what studies are made of.
OF_NO_STUDY = (
    "auth_", "account_", "authtoken_", "django_", "mfa_", "pghistory_", "studies_site",
    "studies_study", "studies_personevent", "studies_accesstokenevent",
)  # fmt: skip
# Keys and history of what is below a file or a dictionary, without a study of their own: they
# outlive it, and are read through rows that have a policy.
OF_ANOTHER = {"studies_fileuse", "studies_variableevent", "studies_derivedvariableevent"}


def test_policies_are_in_force_and_the_products_role_cannot_go_around_them(db: None) -> None:
    """From the catalogue, so that tables of the newest migration are among them."""
    tables = columns_of_tables()
    with connection.cursor() as cursor:

        def told(sql: str) -> list[tuple[Any, ...]]:
            cursor.execute(sql)
            return cursor.fetchall()

        secured = {name for (name,) in told("SELECT relname FROM pg_class WHERE relrowsecurity")}
        policies = told("SELECT tablename, permissive, cmd, roles::text, qual, with_check "
                        "FROM pg_policies")  # fmt: skip
        (role,) = told("SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication "
                       "FROM pg_roles WHERE rolname = current_user")  # fmt: skip
        owners = told("SELECT DISTINCT pg_has_role(current_user, tableowner, 'MEMBER') "
                      "FROM pg_tables WHERE schemaname = 'public'")  # fmt: skip
        emptied = told("SELECT relname FROM pg_class WHERE relkind = 'r' AND "
                       "relnamespace = 'public'::regnamespace AND "
                       "has_table_privilege(oid, 'TRUNCATE, TRIGGER')")  # fmt: skip
    for table, permissive, verb, roles, reads, writes in policies:
        assert (permissive, verb, roles) == ("PERMISSIVE", "ALL", "{public}"), table
        assert reads == writes, f"{table}: what is not seen could be written"
    assert {table for table, *_ in policies} == secured
    assert not any(role)
    assert owners == [(False,)], "an owner is not subject to the policies"
    assert emptied == []
    stray = {t for t, columns in tables.items() if "study_id" not in columns and t not in secured}
    assert {t for t in stray if not t.startswith(OF_NO_STUDY)} == OF_ANOTHER


def test_what_stands_cannot_be_changed_by_the_products_role(db: None) -> None:
    """Every model that says so has its triggers, and the role can switch none of them off."""
    stand = {
        (model._meta.db_table, trigger.get_pgid(model))
        for model in apps.get_models()
        for trigger in getattr(model._meta, "triggers", ())
        if isinstance(trigger, pgtrigger.Protect | pgtrigger.ReadOnly)
    }
    assert len(stand) > 20
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger "
                       "WHERE tgenabled = 'O'")  # fmt: skip
        assert stand <= set(cursor.fetchall())
    table = min(stand)[0]
    for around in (f"ALTER TABLE {table} DISABLE TRIGGER ALL", f"DROP TABLE {table}",
                   f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
                   "SET session_replication_role = replica"):  # fmt: skip
        refused = pytest.raises(ProgrammingError, match=r"must be owner|permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(around)


def test_every_table_with_a_patient_key_can_be_listed_and_purged(db: None) -> None:
    with_patient = {
        model._meta.db_table
        for model in apps.get_models()
        if not hasattr(model, "pgh_tracked_model")
        for field in model._meta.concrete_fields
        if field.related_model is Patient
    }
    listed = {table for uses in all_uses().values() for table in uses.tables}
    assert with_patient <= listed


def test_row_level_security_shows_a_colleague_her_own_site_only(as_coordinator: People) -> None:
    people = as_coordinator
    StudySite.objects.get(study=people.study, site=people.elsewhere)
    patient(people, "N1")
    patient(people, "S1", site=people.elsewhere)
    seen = {}
    for name, user in {**people.members, "outsider": people.outsider}.items():
        with acting_as(user):
            seen[name] = sorted(Patient.objects.values_list("pseudonym", flat=True))
    both = ["N1", "S1"]
    assert seen == {
        "administrator": both, "coordinator": both, "statistician": both,
        "colleague": ["S1"], "outsider": [],
    }  # fmt: skip
    Membership.objects.filter(user=people.statistician).update(
        starts_on="2020-01-01", ends_on=timezone.localdate()
    )
    with acting_as(people.statistician):
        assert not Patient.objects.exists()


def test_nobody_acting_sees_no_patient(people: People) -> None:
    with acting_as(people.coordinator):
        patient(people)
    assert not Patient.objects.exists()


def test_every_order_of_joining_ends_alike(as_coordinator: People) -> None:
    roles = ("internal_validation", "external_phenotype", "histology")
    groups = {role: cohort(as_coordinator, role) for role in roles}
    for number, order in enumerate(permutations(roles)):
        who = patient(as_coordinator, f"P{number}", partition="validation")
        for role in order:
            join(who, groups[role])
        assert who.cohort_memberships.count() == 3
