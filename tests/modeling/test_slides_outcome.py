"""Response and survival by the slides, live: everybody's own rows, counts as a table has them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import translation
from lifelines.statistics import logrank_test

from imaging.selectors.slides import calls_table
from modeling.slides_outcome import PAGE, draw_outcome, outcome_table, read_outcome
from studies.access import acting_as
from studies.jobs import run_inline
from studies.models import Drawing, Job, Patient
from studies.services import drawing_of
from tests.imaging.test_slides import densities, hand_in, score
from tests.people import People

START = date(2020, 1, 1)


def outcome_rows() -> bytes:
    """30 patients: whoever has more cells responds more often and lives longer."""
    names = "patient_id,site,cohort,treatment_started_on,response_assessed_on,response"
    lines = [f"{names},died_on,last_known_alive_on,last_assessed_on"]
    for number in range(1, 31):
        cohort = "training" if number <= 20 else "external_phenotype"
        site = "South" if number % 5 == 0 else "North"
        died = START + timedelta(days=250 + 30 * number + 7 * (number % 3))
        alive = number % 4 == 0
        seen = died.isoformat()
        lines.append(
            f"P{number:03d},{site},{cohort},{START},{START + timedelta(days=183)},"
            f"{'PR' if number > 12 and number % 6 else 'SD'},{'' if alive else seen},{seen},{seen}"
        )
    return "\n".join(lines).encode()


@pytest.fixture
def scored(as_coordinator: People) -> People:
    people = as_coordinator
    for kind, data in (("cohort_table", outcome_rows()), ("cell_densities", densities())):
        batch = hand_in(people, kind, data)
        assert batch.state == "ready", batch.problems
    assert score(people).state == "done"
    return people


def test_groups_counts_and_curves_are_those_of_the_readings(scored: People) -> None:
    figures, said = draw_outcome(scored.study, scored.statistician, "")
    assert [figure.key for figure in figures][:3] == [
        "response_by_immunoscore", "cd3_against_cd8", "km_overall_survival_immunoscore",
    ]  # fmt: skip
    assert {f"km_{e}_survival_{by}" for e in ("overall", "progression_free")
            for by in ("immunoscore", "cd3_high", "cd8_high", "cd3_and_cd8")} <= {
        figure.key for figure in figures
    }  # fmt: skip
    names = dict(Patient.objects.values_list("pk", "pseudonym"))
    calls = calls_table(scored.study)["cd3_high"].dropna().astype(bool)
    responds = {pk: int(names[pk][1:]) > 12 and int(names[pk][1:]) % 6 != 0 for pk in calls.index}
    cd3 = next(row for row in said["responses"] if row["title"] == "CD3")
    assert cd3["n"] == len(calls) == 30
    for group, told in zip((True, False), cd3["shares"], strict=True):
        mine = [responds[pk] for pk in calls.index[calls == group]]
        assert told == f"{sum(mine)}/{len(mine)}"
    table = outcome_table(scored.study, scored.statistician)
    high = table["cd3_high"].astype(bool)
    days, event = table["overall_survival_days"], table["overall_survival_event"]
    p_value = logrank_test(days[high], days[~high], event[high], event[~high]).p_value
    drawn = next(figure for figure in figures if figure.key == "km_overall_survival_cd3_high")
    shown = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
    assert f"log-rank {shown}" in str(drawn.spec)


def test_the_page_shows_each_reader_their_own_rows(scored: People) -> None:
    assert read_outcome(scored.study, scored.colleague, "") is None  # six of South: too few
    whole = read_outcome(scored.study, scored.statistician, "")
    assert whole is not None
    assert len(whole.patients) == 30
    client = Client()
    client.force_login(scored.statistician)
    base = f"/studies/{scored.study.uid}/"
    assert f"/drawn/{PAGE}/" in client.get(f"{base}imaging/slides/").content.decode()
    client.get(f"{base}drawn/{PAGE}/")
    job = Job.objects.get(kind="studies.page_draw", params__page=PAGE)
    with acting_as(scored.statistician):
        assert run_inline(job).state == "done", (job.problems, job.error_id)
    part = client.get(f"{base}drawn/{PAGE}/").content.decode()
    assert "Fisher" in part
    assert str(Drawing.objects.get().uid) in part
    with translation.override("zh-hans"):  # another language is another drawing
        assert drawing_of(scored.study, scored.statistician, PAGE).busy
        job = Job.objects.get(kind="studies.page_draw", params__language="zh-hans")
    with acting_as(scored.statistician):
        assert run_inline(job).state == "done", (job.problems, job.error_id)
    assert Drawing.objects.count() == 2
    assert "Fisher" in client.get(f"{base}drawn/{PAGE}/").content.decode()
    client.force_login(scored.colleague)
    assert "Nothing to draw yet" in client.get(f"{base}drawn/{PAGE}/").content.decode()
