"""Pages and API of genomics: each member sees their own rows, an outsider nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from genomics.models import ExpressionMatrix
from genomics.overviews import figure_of
from studies.access import acting_as
from studies.models import Patient
from tests.people import People


def opened(user: Any, path: str, tag: str = "") -> Any:
    client = Client()
    client.force_login(user)
    with acting_as(None):
        return client.get(path, headers={"If-None-Match": tag})


def test_the_phenotype_page_shows_labels_figure_and_criteria(with_phenotype: People) -> None:
    answer = opened(with_phenotype.statistician, f"/studies/{with_phenotype.study.uid}/genomics/")
    page = answer.content.decode()
    assert answer.status_code == 200
    for text in ("P001", "P038", "heat-map.svg", "Consensus", "CD8 T cells", "mean z, hot"):
        assert text in page


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
    quality = opened(with_rna.coordinator, f"{base}{uid}/quality/").content.decode()
    for text in ("Possible swaps", "components.svg", "sex.svg", "No two specimens"):
        assert text in quality
    drawn = opened(with_rna.coordinator, f"{base}{uid}/quality/depth.svg")
    assert drawn.content.startswith(b"<svg")
    assert opened(with_rna.coordinator, f"{base}{uid}/quality/nothing.svg").status_code == 404
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


def test_the_heat_map_is_drawn_from_what_the_user_may_see(with_phenotype: People) -> None:
    figure = figure_of(with_phenotype.statistician, with_phenotype.study, "heat-map")
    assert figure is not None
    assert len(figure.rows) == 24
    assert sum(row[1] for row in figure.rows) == pytest.approx(1)
    assert figure.columns[2:] == ("mean z, hot (n 19)", "mean z, cold (n 19)")
    path = f"/studies/{with_phenotype.study.uid}/genomics/figures/heat-map.svg"
    answer = opened(with_phenotype.statistician, path)
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content.startswith(b"<svg")
    assert opened(with_phenotype.statistician, path, answer["ETag"]).status_code == 304
    assert opened(with_phenotype.colleague, path)["ETag"] != answer["ETag"]


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
