"""Pages and API of genomics: each member sees their own rows, an outsider nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from genomics.drawings import PHENOTYPE, QUALITY
from genomics.models import ExpressionMatrix
from studies.access import acting_as
from studies.api.drawings import DATA_EXAMPLE, LISTED_EXAMPLE, STANDING_EXAMPLE
from studies.jobs import run_inline
from studies.models import Drawing, Job, Patient
from studies.services import drawing_of, page_draw_start
from studies.withdrawal import purge
from tests.people import People


def opened(user: Any, path: str, tag: str = "") -> Any:
    client = Client()
    client.force_login(user)
    with acting_as(None):
        return client.get(path, headers={"If-None-Match": tag})


def part_of(people: People, page: str = PHENOTYPE, subject: str = "") -> str:
    return f"/studies/{people.study.uid}/drawn/{page}/" + (f"{subject}/" if subject else "")


def drawn(people: People, user: Any, page: str = PHENOTYPE, subject: str = "") -> Drawing:
    """The drawing of a page as a worker makes it."""
    job = page_draw_start(people.study, user, page, subject)
    if job is not None:
        with acting_as(user):
            assert run_inline(job).state == "done", (job.problems, job.error_id)
            job.refresh_from_db()
    with acting_as(user):
        found = drawing_of(people.study, user, page, subject).drawing
    assert found is not None
    return found


def test_the_phenotype_page_shows_labels_figure_and_criteria(with_phenotype: People) -> None:
    drawn(with_phenotype, with_phenotype.statistician)
    answer = opened(with_phenotype.statistician, f"/studies/{with_phenotype.study.uid}/genomics/")
    page = answer.content.decode()
    assert answer.status_code == 200
    for text in ("P001", "P038", "Consensus", f"/drawn/{PHENOTYPE}/"):
        assert text in page
    part = opened(with_phenotype.statistician, part_of(with_phenotype)).content.decode()
    for text in ("heat-map.svg", "Table of 24 rows"):
        assert text in part


def test_drawn_figures_over_the_api_with_the_rights_of_the_page(with_phenotype: People) -> None:
    people = with_phenotype
    base = f"/api/v1/studies/{people.study.uid}/drawings/"
    asked = {"page": PHENOTYPE, "subject": ""}

    def told(user: Any, path: str) -> Any:
        answer = opened(user, base + path)
        return answer.json() if answer.status_code == 200 else answer.status_code

    assert {"page": PHENOTYPE, "title": "Immune phenotype"} in told(people.statistician, "pages/")
    state = f"state/?page={PHENOTYPE}"
    assert told(people.statistician, state)["state"] == "not drawn"
    client = Client()
    client.force_login(people.statistician)
    with acting_as(None):
        begun = client.post(base, asked, content_type="application/json")
    assert (begun.status_code, begun.json()["state"]) == (202, "under way")
    with acting_as(people.statistician):
        assert run_inline(Job.objects.get(uid=begun.json()["job"])).state == "done"
    stands = told(people.statistician, state)
    assert stands | {"drawing": None} == STANDING_EXAMPLE | {"drawing": None}
    (listed,) = told(people.statistician, "")["results"]
    assert listed["uid"] == stands["drawing"]
    figures = {figure["key"]: figure for figure in listed["figures"]}
    assert figures["distributions"] == LISTED_EXAMPLE
    one = f"{listed['uid']}/figures/distributions/"
    data = told(people.statistician, f"{one}data/")
    assert data | {"rows": data["rows"][:1]} == DATA_EXAMPLE
    assert len(data["rows"]) == LISTED_EXAMPLE["rows"]
    spec = told(people.statistician, f"{one}specification/")["specification"]
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    svg = opened(people.statistician, f"{base}{one}svg/")
    assert (svg["Content-Type"], svg.content[:4]) == ("image/svg+xml", b"<svg")
    assert (
        opened(people.statistician, f"{base}{one}csv/").content.count(b"\n")
        == len(data["rows"]) + 1
    )
    assert told(people.statistician, f"{listed['uid']}/figures/none/data/") == 404
    assert told(people.statistician, "state/?page=nothing") == 404
    # a reader of another site finds neither the drawing nor its figures; an outsider not the study
    assert told(people.colleague, "")["results"] == []
    assert told(people.statistician, f"{one}vega/")["usermeta"]["along"] is False
    assert told(people.colleague, f"{one}svg/") == told(people.colleague, f"{one}vega/") == 404
    assert told(people.outsider, "") == 404


def test_a_colleague_sees_the_rows_of_their_site_only(with_phenotype: People) -> None:
    page = opened(
        with_phenotype.colleague, f"/studies/{with_phenotype.study.uid}/genomics/"
    ).content.decode()
    assert "P004" in page  # South
    assert "P001" not in page


def test_the_page_before_any_rna_says_what_to_do(cohort: People) -> None:
    page = opened(cohort.coordinator, f"/studies/{cohort.study.uid}/genomics/").content.decode()
    assert "Upload the expression matrix" in page


def test_the_matrix_page_shows_coverage_and_notices(with_rna: People) -> None:
    uid = ExpressionMatrix.objects.get().uid
    base = f"/studies/{with_rna.study.uid}/genomics/matrices/"
    assert "expression_matrix.csv" in opened(with_rna.coordinator, base).content.decode()
    drawn(with_rna, with_rna.coordinator, QUALITY, str(uid))
    quality = opened(with_rna.coordinator, f"{base}{uid}/quality/").content.decode()
    for text in ("Possible swaps", "No two specimens", f"/drawn/{QUALITY}/{uid}/"):
        assert text in quality
    part = opened(with_rna.coordinator, part_of(with_rna, QUALITY, str(uid))).content.decode()
    for text in ("components.svg", "sex.svg"):
        assert text in part
    for wrong in (part_of(with_rna, QUALITY, "x"), part_of(with_rna, "nothing")):
        assert opened(with_rna.coordinator, wrong).status_code == 404
    page = opened(with_rna.coordinator, f"{base}{uid}/").content.decode()
    for text in ("496 of 496", "ranks_only", "TReg", "counts"):
        assert text in page


def test_labels_as_a_file_need_the_right_to_download(with_phenotype: People) -> None:
    path = f"/studies/{with_phenotype.study.uid}/genomics/labels.csv"
    answer = opened(with_phenotype.statistician, path)
    assert answer.content.decode().count("\n") == 39
    assert opened(with_phenotype.colleague, path).status_code == 403


def test_the_api_gives_each_member_their_own_rows(with_phenotype: People) -> None:
    """Of 38 patients 9 are of South, where the colleague is; a page holds 100 rows."""
    rows = {
        "signatures": (3, 3),
        "expression-matrices": (1, 1),
        "expression-columns": (38, 9),
        "cell-abundances": (100, 27),
        "phenotype-fits": (1, 1),
        "phenotypes": (38, 9),
    }
    for route, expected in rows.items():
        path = f"/api/v1/studies/{with_phenotype.study.uid}/{route}/"
        people = (with_phenotype.statistician, with_phenotype.colleague)
        found = tuple(len(opened(user, path).json()["results"]) for user in people)
        assert found == expected, route
        assert opened(with_phenotype.outsider, path).status_code == 404


def test_figures_are_drawn_once_for_those_who_see_the_same_rows(with_phenotype: People) -> None:
    people, page = with_phenotype, part_of(with_phenotype)
    assert "being drawn" in opened(people.statistician, page).content.decode()
    assert "being drawn" in opened(people.coordinator, page).content.decode()
    job = Job.objects.get(kind="studies.page_draw", params__page=PHENOTYPE)  # one for both
    run_inline(job)
    mine = drawn(people, people.statistician)
    assert drawn(people, people.coordinator) == mine
    heat_map = mine.figures[0]
    assert [len(heat_map["rows"]), heat_map["columns"][2]] == [24, "mean z, hot (n 19)"]
    assert sum(row[1] for row in heat_map["rows"]) == pytest.approx(1)
    hers = drawn(people, people.colleague)
    assert hers.site_ids == [people.elsewhere.pk]
    assert hers.figures[0]["columns"][2] != heat_map["columns"][2]
    files = f"/studies/{people.study.uid}/drawings/{mine.uid}/heat-map"
    answer = opened(people.statistician, f"{files}.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content.startswith(b"<svg")
    assert opened(people.statistician, f"{files}.svg", answer["ETag"]).status_code == 304
    part = opened(people.statistician, page).content.decode()
    page = opened(people.coordinator, f"{files}.html").content.decode()
    assert "CD8 T cells" in page
    assert "heat-map.174mm.pdf" in page
    assert opened(people.statistician, f"{files}.174mm.pdf").content.startswith(b"%PDF")
    assert opened(people.statistician, f"{files}.85mm.pdf").status_code == 404  # too small to read
    for form in ("svg", "png", "csv", "html", "vega.json"):
        assert opened(people.colleague, f"{files}.{form}").status_code == 404
    assert opened(people.statistician, files.replace("heat-map", "x") + ".svg").status_code == 404
    own = f"/studies/{people.study.uid}/drawings/{hers.uid}/heat-map"
    assert opened(people.colleague, f"{own}.svg").status_code == 200
    assert opened(people.colleague, f"{own}.csv").status_code == 403
    assert f"{files}.vega.json" in part
    told = opened(people.statistician, f"{files}.vega.json")
    assert (told["Cache-Control"], told.json()["usermeta"]["panels"]) == ("private, no-store", [])
    mine, whole = (
        opened(user, f"{one}.vega.json").json()["data"]
        for user, one in ((people.colleague, own), (people.statistician, files))
    )
    assert 0 < len(str(mine)) < len(str(whole))  # the cells of her own site's patients alone
    with acting_as(people.colleague):  # the database says the same without the house
        assert set(Drawing.objects.values_list("pk", flat=True)) == {hers.pk}


def test_a_drawing_is_of_its_inputs_and_goes_with_a_purge(with_phenotype: People) -> None:
    people = with_phenotype
    before = drawn(people, people.statistician)
    patient = Patient.objects.get(pseudonym="P003")
    gone = {"status": "excluded", "status_reason": "another tumour", "status_on": "2022-01-01"}
    Patient.objects.filter(pk=patient.pk).update(**gone)
    after = drawing_of(people.study, people.statistician, PHENOTYPE)
    assert after.drawing is None
    assert after.busy
    assert page_draw_start(people.study, people.statistician, PHENOTYPE) == after.job
    Job.objects.filter(pk=after.job.pk).update(state="errored")
    assert not drawing_of(people.study, people.statistician, PHENOTYPE).busy
    again = page_draw_start(people.study, people.statistician, PHENOTYPE, again=True)
    assert again != after.job
    assert drawn(people, people.statistician).inputs_digest != before.inputs_digest
    purge(patient)
    assert not Drawing.objects.exists()


def test_signatures_and_abundances_are_listed_and_handed_out(with_rna: People) -> None:
    base = f"/studies/{with_rna.study.uid}/genomics/signatures/"
    page = opened(with_rna.statistician, base).content.decode()
    for text in ("bindea24, version 1", "mcpcounter", "paper_markers"):
        assert text in page
    path = f"{base}abundances.csv?signature=paper_markers&method=mcpcounter"
    answer = opened(with_rna.statistician, path)
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("patient_id,T cell (CD3)")
    assert len(lines) == 39
    assert opened(with_rna.colleague, path).status_code == 403


def test_the_patient_page_holds_label_and_abundances(with_phenotype: People) -> None:
    patient = Patient.objects.get(pseudonym="P001")
    path = f"/studies/{with_phenotype.study.uid}/patients/{patient.uid}/"
    page = opened(with_phenotype.statistician, path).content.decode()
    for text in ("phenotype fit 1", "stability", "Cytotoxic cells"):
        assert text in page


# Of a statistician, signed in: a few more than it takes, whatever the number of patients.
BUDGETS = {
    "genomics/": 23, "genomics/matrices/": 12, "genomics/signatures/": 14, "genomics/batches/": 17,
    "genomics/specimens/": 14, "genomics/matrices/{matrix}/": 12,
    "genomics/matrices/{matrix}/quality/": 18, f"drawn/{PHENOTYPE}/": 24,
    f"drawn/{QUALITY}/{{matrix}}/": 21,
}  # fmt: skip


def test_no_page_of_rna_asks_more_than_its_budget(with_phenotype: People) -> None:
    people, asked = with_phenotype, {}
    matrix = str(ExpressionMatrix.objects.get().uid)
    drawn(people, people.statistician)
    drawn(people, people.statistician, QUALITY, matrix)
    client = Client()
    client.force_login(people.statistician)
    for path in BUDGETS:
        address = f"/studies/{people.study.uid}/{path.format(matrix=matrix)}"
        with acting_as(None):
            client.get(address)  # what is asked once in the life of a process
            with CaptureQueriesContext(connection) as seen:
                assert client.get(address).status_code == 200, path
        asked[path] = len(seen)
    over = {path: (n, BUDGETS[path]) for path, n in asked.items() if n > BUDGETS[path]}
    assert not over
