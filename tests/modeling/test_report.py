"""A report from features to page: sources at every number, doors, digests, no colour needed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse
from scipy.stats import fisher_exact

from genomics.models import (
    CellAbundance,
    ExpressionColumn,
    ExpressionMatrix,
    Phenotype,
    PhenotypeFit,
)
from imaging.models import FeatureSet, Series
from modeling.methods.firth_cox import fit_firth_cox
from modeling.models import DatasetSnapshot, ModelVersion, Prediction, Report
from modeling.publication.bundle import table_csv
from modeling.services.cohort_snapshot import cohorts_freeze
from modeling.services.prognosis import prognosis_run
from modeling.services.rad_score import rad_score_run
from modeling.services.report import report_build
from modeling.services.report_comparison import reports_compare
from modeling.services.report_notices import choice_notices, clinical_notices, material_notices
from modeling.services.snapshots import snapshot_freeze, snapshot_read
from modeling.storage import json_digest
from studies import registry
from studies.access import acting_as
from studies.figures.journal import journal_widths, smallest_letters
from studies.jobs import run_inline
from studies.methods.endpoint_kinds import read_rule
from studies.methods.problems import DataProblem
from studies.models import (
    CohortMember,
    Derivation,
    EndpointValue,
    FormEntry,
    ImportBatch,
    Membership,
    Patient,
    Study,
)
from studies.services import derivation_record, export_start, file_store, page_draw_start
from tests.begun import begins_with
from tests.every_answer import every_answer
from tests.modeling.rad_score_made import SMALL, make_features, with_features
from tests.people import People

NUMBER = re.compile(rb"-?\d+\.\d+")
SAID = re.compile(r' aria-label="[^"]*" role="graphics-symbol"')

pytestmark = pytest.mark.django_db


def make_report(people: People, monkeypatch: Any, patients: int = 140) -> Report:
    truth = make_features(people, patients)
    random = np.random.default_rng(2)
    level = np.clip(np.round(2 + truth["z"] + random.normal(0, 0.6, len(truth))), 0, 4)
    found = dict(zip([p.pk for p in truth["patient"]], level.astype(int).tolist(), strict=True))
    monkeypatch.setitem(registry.patients._facts, "immunoscore", lambda study: found)
    high = {patient: level >= 3 for patient, level in found.items()}
    densities = {
        p: {"CD3": 300.0 * (level + 1), "CD8": 90.0 * (level + 2)} for p, level in found.items()
    }
    for name, values in {"cd3_high": high, "cd8_high": high, "marker_densities": densities}.items():
        monkeypatch.setitem(registry.patients._facts, name, lambda study, values=values: values)
    rad_score_run(people.study, SMALL, seed=1, workers=1)
    prognosis_run(people.study, "overall_survival", seed=1)
    prognosis_run(people.study, "progression_free_survival", seed=1, asked={"headline": "6"})
    return report_build(people.study)


def numbers_in(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, dict) and "snapshot_sha" in part:
        return [part]
    if isinstance(part, dict):
        part = list(part.values())
    return [n for p in part for n in numbers_in(p)] if isinstance(part, list) else []


def test_report_from_features_to_page(
    as_statistician: People, monkeypatch: Any, client: Client
) -> None:
    """One long test, because the study behind it takes its time."""
    people = as_statistician
    report = make_report(people, monkeypatch)
    every_number_names_its_version_and_snapshot(report)
    all_sections_and_figures_are_there(report)
    the_cohorts_are_those_of_their_own_snapshot(report)
    times_and_rules_are_those_of_the_runs(report)
    response_by_reading_is_recounted(report)
    assert report_build(people.study).pk == report.pk
    assert DatasetSnapshot.objects.filter(question__purpose="cohorts").count() == 1
    table_two_is_that_of_the_frozen_rows(report)
    the_checklists_say_what_is_open(report)
    what_is_left_out_is_said(people)
    page_shows_figures_tables_and_sources(people, report, client)
    doors_are_kept(people, report, client)
    numbers_of_patients_stay_with_those_who_may_take_rows(people, report, client)
    no_member_of_one_hospital_gets_anothers_rows(people, report, client)
    monkeypatch.setattr("modeling.services.report.report_files_write", lambda report: None)
    a_statement_fills_its_items_in_the_next_report(people, report, client)


def what_is_left_out_is_said(people: People) -> None:
    versions = ModelVersion.objects.filter(study=people.study)
    score, nomograms = versions.get(kind="rad_score"), list(versions.filter(kind="nomogram"))
    assert not choice_notices(score, nomograms)
    ((_, (told,)),) = choice_notices(score, [])
    assert told["code"] == "nomograms_left_out"


def every_number_names_its_version_and_snapshot(report: Report) -> None:
    content = report.content
    sources = {source["number"]: source for source in content["sources"]}
    found = numbers_in(content["sections"])
    assert len(found) > 100
    for number in found:
        source = sources[number["source"]]
        assert number["snapshot_sha"] == source["snapshot_sha256"]
        assert number["model_version"] == source["model_version"]
    assert report.sha256 == json_digest(content)


def the_cohorts_are_those_of_their_own_snapshot(report: Report) -> None:
    """Everybody of every cohort, follow-up and all, in the bytes that the footnote names."""
    tables = {t["key"]: t for t in report.content["sections"][2]["tables"]}
    rows = tables["cohorts"]["rows"]
    (sha256,) = {n["snapshot_sha"] for n in numbers_in(rows)}
    snapshot = DatasetSnapshot.objects.get(study=report.study, sha256=sha256)
    frozen = snapshot_read(snapshot)
    assert snapshot.question["purpose"] == "cohorts"
    assert len(frozen) == CohortMember.objects.filter(study=report.study).count()
    assert snapshot.members.filter(included=True).count() == len(frozen)
    values = EndpointValue.objects.filter(study=report.study, definition__name="overall_survival")
    days = dict(values.values_list("patient__pseudonym", "duration_days"))
    assert frozen["overall_survival_days"].tolist() == [days[p] for p in frozen["pseudonym"]]
    sizes = frozen.groupby("cohort").size()
    assert [row[1]["value"] for row in rows] == [
        sizes[name]
        for name in ("training", "internal_validation", "external_phenotype", "external_response")
    ]


def all_sections_and_figures_are_there(report: Report) -> None:
    content = report.content
    assert [section["key"] for section in content["sections"]] == [
        "paper", "methods", "patients", "immunoscore", "rad-score", "classifiers", "survival",
        "table-2", "overall-survival", "progression-free-survival", "limits", "statements",
        "checklists",
    ]  # fmt: skip
    shown = [key for section in content["sections"] for key in section["figures"]]
    assert sorted(shown) == sorted(content["figures"])
    assert {"roc", "classifiers", "nomogram_overall_survival", "calibration_overall_survival",
            "km_overall_survival_training", "rad_score_calibration", "cd3_against_cd8",
            "response_by_immunoscore", "km_progression_free_survival_cd3_high",
            "km_overall_survival_cd3_and_cd8", "attrition", "violin_external_response_response",
            "lasso_path_overall_survival", "auc_over_time_overall_survival",
            "forest_progression_free_survival", "added_value_overall_survival",
            "net_benefit_gain_overall_survival", "instability_overall_survival",
            "proportional_hazards_overall_survival", "splines_overall_survival",
            "incidence_training", "landmark_external_response"} <= set(shown)  # fmt: skip
    for key, figure in content["figures"].items():  # half a page in the PDF, or a whole one
        assert smallest_letters(figure["svg"], 170 if figure["wide"] else 81) >= 6, key
        assert 174 in journal_widths(figure["svg"]), key
    paper = content["sections"][0]["tables"][0]["rows"]
    assert [row[1] for row in paper[:4]] == ["0.855", "0.844", "0.814", "0.784"]


def times_and_rules_are_those_of_the_runs(report: Report) -> None:
    """Progression-free survival was judged at 6 months, which is not its usual time."""
    content = report.content
    titles = [content["figures"][f"{kind}_progression_free_survival"]["title"]
              for kind in ("roc", "calibration")]  # fmt: skip
    assert [title.rpartition(": ")[2] for title in titles] == [
        "progression-free survival at 6 months"
    ] * 2
    sections = {section["key"]: section for section in content["sections"]}
    tables = {t["key"]: t for t in sections["progression-free-survival"]["tables"]}
    table = tables["validation-progression_free_survival"]
    column = table["columns"].index("Brier at 6 months")
    version = ModelVersion.objects.get(endpoint="progression_free_survival")
    look = version.evaluations.get(cohort__name="training", target=version.endpoint)
    at = next(one for one in look.metrics["brier"] if one["horizon_months"] == 6)
    assert table["rows"][0][column]["value"] == at["value"]
    told = next(text for text in sections["methods"]["text"] if text.startswith("Endpoints."))
    assert "overall survival at 12, 24, 36 months (headline 24)" in told
    assert "progression-free survival at 6, 12, 18 months (headline 6)" in told
    rule = EndpointValue.objects.filter(definition__name=version.endpoint).first().definition.rule
    assert f"censored at the: {read_rule(version.endpoint, rule)['censored']};" in told


def response_by_reading_is_recounted(report: Report) -> None:
    """Counts and Fisher's p from the frozen rows, by pandas."""
    content = report.content
    section = next(s for s in content["sections"] if s["key"] == "immunoscore")
    rows = {row[0]: row for row in section["tables"][0]["rows"]}
    frozen = snapshot_read(DatasetSnapshot.objects.get(question__purpose="cohorts"))
    known = frozen.drop_duplicates("pseudonym").dropna(subset=["immunoscore"])
    known = known[known["response"].isin(["CR", "PR", "SD", "PD"])]
    responded = known["response"].isin(["CR", "PR"])
    table = pd.crosstab(known["immunoscore"] >= 3, responded).reindex([True, False])
    counts = [f"{table.loc[level, True]}/{table.loc[level].sum()}" for level in (True, False)]
    assert rows["Immunoscore"][2:4] == counts
    expected = fisher_exact(table.to_numpy()).pvalue
    assert rows["Immunoscore"][4]["value"] == pytest.approx(expected)


def table_two_is_that_of_the_frozen_rows(report: Report) -> None:
    """Counts and the univariable ratio of the Immunoscore again, from the table that is named."""
    section = next(s for s in report.content["sections"] if s["key"] == "table-2")
    table = next(t for t in section["tables"] if t["key"] == "table-2-overall-survival-training")
    rows = {row[0]: row for row in table["rows"]}
    (sha256,) = {n["snapshot_sha"] for n in numbers_in(table)}
    frozen = snapshot_read(DatasetSnapshot.objects.get(study=report.study, sha256=sha256))
    frozen = frozen[frozen["cohort"] == "training"]
    men = frozen[frozen["sex"] == "male"]
    assert rows["Sex: male"][2] == f"{int(men['event'].sum())}/{len(men)}"
    assert "Firth" in table["note"]  # fewer than five events for each of its coefficients
    alone = frozen[["immunoscore"]].to_numpy()
    fit = fit_firth_cox(frozen["duration_months"], frozen["event"], alone)
    assert rows["Immunoscore"][3]["value"] == pytest.approx(np.exp(fit.coefficients[0]), rel=1e-9)
    assert rows["Sex: female"][3] == "reference"


def the_checklists_say_what_is_open(report: Report) -> None:
    section = next(s for s in report.content["sections"] if s["key"] == "checklists")
    sizes = [len(table["rows"]) for table in section["tables"]]
    assert sizes == [52, 20, 30]
    rows = {row[0]: row for row in section["tables"][0]["rows"]}
    assert rows["17"][2] == "open"
    assert rows["8a"][2] == "from the record"


def a_statement_fills_its_items_in_the_next_report(
    people: People, report: Report, client: Client
) -> None:
    """The page keeps it, the next report prints it, and the two are compared cell by cell."""
    client.force_login(people.statistician)
    page = reverse("modeling:statements", args=[people.study.uid])
    said = "Approved by the committee, <reference> 12."
    assert client.post(page, {"ethics": said}).status_code == 302
    newer = report_build(people.study)
    assert newer.number == report.number + 1
    found = reports_compare(report, newer)
    changed = {(row.row, row.column): row for t in found["tables"] for row in t["rows"]}
    assert changed["Ethics approval and consent", "Text"].after == said
    assert {row.kind for row in changed.values()} == {"changed"}
    assert all(row["same"] for row in found["behind"])
    assert {t["title"].split(":")[0] for t in found["tables"]} == {
        "Statements of the study", "TRIPOD+AI (2024)"
    }  # fmt: skip
    shown = client.get(reverse("modeling:compare_reports", args=[people.study.uid]))
    assert "&lt;reference&gt; 12" in shown.content.decode()


def page_shows_figures_tables_and_sources(people: People, report: Report, client: Client) -> None:
    Study.objects.filter(pk=people.study.pk).update(is_simulated=True)
    client.force_login(people.statistician)
    response = client.get(reverse("modeling:report", args=[people.study.uid]))
    page = response.content.decode()
    assert response.status_code == 200
    assert "SIMULATED" in page
    assert "in English in every language" not in page
    chinese = client.get(response.request["PATH_INFO"], headers={"accept-language": "zh-hans"})
    assert "报告正文" in chinese.content.decode(), "why it is in English is said"
    assert page.count("<svg") >= len(report.content["figures"])
    parts = re.findall(r'hx-get="([^"]+)" hx-trigger="revealed"', page)
    assert len(parts) == len(report.content["figures"])
    part = client.get(parts[0]).content.decode()
    assert part.count("<details>") == 1
    assert part.count("</path>") + part.count("<path") > 3
    assert len(page) < 700_000, "drawings and rows come when they are seen"
    assert " style=" not in page
    targets = set(re.findall(r'href="#(source-\d+)"', page))
    assert targets <= set(re.findall(r'id="(source-\d+)"', page))
    assert report.content["sources"][0]["snapshot_sha256"][:12] in page


def numbers_of_patients_stay_with_those_who_may_take_rows(
    people: People, report: Report, client: Client
) -> None:
    """Who may not sees the drawing, no row of a patient, and whom to ask for it."""
    key = "proportional_hazards_overall_survival"
    assert report.content["figures"][key]["rows"], key
    here = [people.study.uid, report.uid]
    part, drawn = (reverse("modeling:report_figure", args=[*here, key, f]) for f in ("html", "svg"))
    explored = drawn.replace(".svg", ".vega.json")
    table = reverse("modeling:report_figure_csv", args=[*here, key])
    read = f"/api/v1/studies/{people.study.uid}/reports/{report.uid}/"
    for user, may in ((people.statistician, True), (people.colleague, False)):
        client.force_login(user)
        shown = client.get(part).content.decode()
        assert ("<td>" in shown, bool(SAID.search(shown))) == (may, False)
        assert ("Ask administrator" in shown) != may
        svg = client.get(drawn).content.decode()
        assert ('role="graphics-symbol"' in svg, bool(SAID.search(svg))) == (True, may)
        for address in (explored, f"{read}figures/{key}/vega/"):
            answer = client.get(address)
            assert (answer.status_code, b"datum" in answer.content) == (200 if may else 403, may)
        assert ("data-explore" in shown) == may
        answer = client.get(explored.replace(key, "roc"))
        assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
        assert answer.json()["usermeta"]["families"], "its cohorts can be hidden"
        told = client.get(read).json()
        figures = told["content"]["figures"]
        assert [bool(figures[key]["rows"]), bool(figures[key]["spec"])] == [may, may]
        assert figures["roc"]["rows"], "no row of it is a patient"
        gone = told["left_out"]["parts"] if told["left_out"] else []
        assert (f"content.figures.{key}" in gone) != may
        assert client.get(table).status_code == (200 if may else 403)


def no_member_of_one_hospital_gets_anothers_rows(
    people: People, report: Report, client: Client
) -> None:
    """At no address of the product: no pseudonym of another site, no list of patients' numbers."""
    with acting_as(people.administrator):
        rights = ["aggregates", "rows", "identifiers", "download", "enter", "verify", "comment"]
        Membership.objects.filter(user=people.colleague).update(rights=rights)
    others = Patient.objects.filter(study=people.study).exclude(site=people.elsewhere)
    names = [name.encode() for name in others.values_list("pseudonym", flat=True)]
    numbers = numbers_of_patients(people)
    more = {
        "digest": [report.sha256, report.content["sources"][0]["snapshot_sha256"]],
        "modeling:report_figure_csv:key": report.content["figures"],
        "modeling:report_figure:key": report.content["figures"],
        "modeling:report_figure:form": ["html"],
        "modeling:report_table:key": [t["key"] for s in report.content["sections"]
                                      for t in s["tables"]],
        "page": ["modeling:analyses"], "subject": nomograms(people),
        "studies:drawn_figure:key": ["instability_overall_survival",
                                     "proportional_hazards_overall_survival"],
        "studies:drawn_figure:form": ["html", "csv", "svg", "vega.json"],
        "studies:dictionary_template:kind": ["csv"], "field": ["age_years"],
    }  # fmt: skip
    for page in more["subject"]:
        draw(people, str(page))
    asked = take(people, people.colleague, report)
    seen: set[str] = set()
    for name, address, data in every_answer(people.colleague, people.study, more):
        seen.add(name)
        told = [one for one in names if one in data]
        assert not told, (name, address, told[:3])
        found = len(numbers & set(NUMBER.findall(data)))
        assert found < len(numbers) / 20, (name, address, found, len(numbers))
    assert {"modeling:report_zip", "modeling:report_json", "studies:export_file",
            "genomics:labels_csv", "modeling:report_pdf", "api:run-detail",
            "api:evaluation-list", "modeling:lineage_json",
            "studies:drawn_figure"} <= seen  # fmt: skip
    assert asked <= {"done"}
    the_part_says_that_it_is_one(people, report, client)


def numbers_of_patients(people: People) -> set[bytes]:
    """As they stand in files: predicted survival, residuals and scores of patients one by one."""
    found: set[str] = set()
    for version in ModelVersion.objects.filter(study=people.study, kind="nomogram"):
        results = version.run.results
        found |= {repr(v) for v in results["fixed_columns"]["instability"]["predicted"]}
        found |= {repr(v) for row in results["schoenfeld"]["scaled"] for v in row}
        for judged in version.evaluations.all():
            found |= {repr(v) for v in judged.metrics["predicted"]}
    scores = Prediction.objects.filter(version__study=people.study, version__kind="rad_score")
    found |= {f"{value:.6g}" for value in scores.values_list("value", flat=True)}
    return {one.encode() for one in found if len(one) > 5}


def nomograms(people: People) -> list[Any]:
    rows = ModelVersion.objects.filter(study=people.study, kind="nomogram")
    return list(rows.values_list("uid", flat=True))


def draw(people: People, subject: str) -> None:
    job = page_draw_start(people.study, people.statistician, "modeling:analyses", subject)
    assert job is None or run_inline(job).state == "done"


def take(people: People, user: Any, report: Report) -> set[str]:
    """Files of everything that may be exported, made for one member."""
    uid = DatasetSnapshot.objects.filter(question__purpose="rad_score").latest("id").uid
    with acting_as(user):
        made = [
            export_start(people.study, user),
            export_start(people.study, user, "frozen_table", "zip", {"snapshot": str(uid)}),
            export_start(people.study, user, "frozen_table", "parquet", {"snapshot": str(uid)}),
        ]
        return {run_inline(job).state for _, job in made}


def the_part_says_that_it_is_one(people: People, report: Report, client: Client) -> None:
    here = [people.study.uid, report.uid]
    client.force_login(people.colleague)
    whole = client.get(reverse("modeling:report_json", args=here)).json()
    assert (whole["is_whole"], whole["sha256"]) == (False, report.sha256)
    answer = client.get(reverse("modeling:report_zip", args=here))
    assert "without-rows" in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(files["PART.json"])["left_out"]
    assert told["of"] == len(report.content["figures"]) > len(told["figures"]) > 3
    assert "Ask administrator" in told["why"]
    crate = json.loads(files.pop("ro-crate-metadata.json"))["@graph"]
    stated = {entry["@id"]: entry["sha256"] for entry in crate if entry["@type"] == "File"}
    assert stated == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert any("(a part)" in entry.get("name", "") for entry in crate)
    client.force_login(people.statistician)
    answer = client.get(reverse("modeling:report_zip", args=here))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "PART.json" not in archive.namelist()


def doors_are_kept(people: People, report: Report, client: Client) -> None:
    addresses = [
        reverse("modeling:report", args=[people.study.uid]),
        reverse("modeling:report_version", args=[people.study.uid, report.uid]),
        reverse("modeling:report_json", args=[people.study.uid, report.uid]),
        reverse("modeling:report_pdf", args=[people.study.uid, report.uid]),
        reverse("modeling:report_zip", args=[people.study.uid, report.uid]),
        reverse("modeling:report_table", args=[people.study.uid, report.uid, "paper"]),
        reverse("modeling:report_figure_csv", args=[people.study.uid, report.uid, "roc"]),
        reverse("modeling:report_figure", args=[people.study.uid, report.uid, "roc", "svg"]),
        reverse("modeling:report_figure", args=[people.study.uid, report.uid, "roc", "png"]),
        reverse("modeling:report_figure", args=[people.study.uid, report.uid, "roc", "85mm.pdf"]),
    ]
    nomogram = ModelVersion.objects.filter(kind="nomogram").first()
    here, one = [people.study.uid], [people.study.uid, nomogram.uid]
    addresses += [
        *(reverse(f"modeling:{name}", args=one) for name in ("nomogram", "calculator", "analyses")),
        *(reverse(f"modeling:{name}", args=here)
          for name in ("table2", "statements", "compare_reports")),
        reverse("studies:drawn_of", args=[*here, "modeling:analyses", nomogram.uid]),
        reverse("modeling:table2_csv", args=[*here, "table-2-overall-survival-training"]),
    ]  # fmt: skip
    for user, allowed in ((people.statistician, True), (people.outsider, False)):
        client.force_login(user)
        for address in addresses:
            assert client.get(address).status_code == (200 if allowed else 404), address
    client.force_login(people.statistician)
    wrong = reverse("modeling:report_figure", args=[people.study.uid, report.uid, "nothing", "svg"])
    assert client.get(wrong).status_code == 404


def test_report_of_a_tiny_study(as_statistician: People, monkeypatch: Any) -> None:
    """Sixty patients: some numbers cannot be estimated, and the report says so."""
    report = make_report(as_statistician, monkeypatch, 60)
    keys = {section["key"] for section in report.content["sections"]}
    assert len(keys) == 12
    assert "table-2" not in keys  # no cohort has twenty complete patients
    assert "few_events_per_column" in {notice["code"] for notice in report.content["notices"]}
    warned = {"code": "phenotype_stromal", "text": "hot may mean mesenchymal."}
    assert PhenotypeFit.objects.update(notices=[warned]) == 1
    Series.objects.update(notices=[{"code": "weight_in_grams", "text": "said of a patient"}])
    told = report_build(as_statistician.study).content["notices"]
    assert warned | {"where": "Phenotype fit 1"} in told
    grams = {n["where"]: n["text"] for n in told if n["code"] == "weight_in_grams"}
    assert "PET, Training" in grams
    assert all(re.match(r"\d+ scans: PatientWeight .* not kg", said) for said in grams.values())


@begins_with(with_features(60))
def test_what_was_read_otherwise_is_told_and_names_nobody(as_statistician: People) -> None:
    """An odd dose of a scan and an undeclared scale, of what the frozen rows were made of."""
    study = as_statistician.study
    mine, out = CohortMember.objects.filter(study=study, cohort__role="training")[:2]
    FeatureSet.objects.filter(patient=out.patient).delete()
    snapshot = snapshot_freeze(study)
    odd = [{"code": "dose_in_mbq", "text": f"{mine.patient.pseudonym}, PET: 300 was read as MBq"}]
    Series.objects.filter(patient__in=[mine.patient, out.patient]).update(notices=odd)
    label = Phenotype.objects.get(patient=mine.patient, source="rna")
    matrix = _matrix_behind(study, label)
    text = "1 scan: RadionuclideTotalDose (0018,1074) was read as MBq, not Bq."
    scan = {"code": "dose_in_mbq", "text": text}
    left = {"code": "columns_left_out", "text": "1 columns of no patient of the study left out."}
    text = "Columns of 1 patient came under a former pseudonym of the patient."
    former = {"code": "former_pseudonym", "text": text}
    assert material_notices(snapshot) == [
        ("PET, Training", [scan]),
        (f"expression matrix {matrix.batch.filename}", [matrix.notices[0], left, former]),
    ]
    training = snapshot.members.filter(included=True, cohort__role="training").count()
    FormEntry.objects.filter(study=study).update(values={})
    told = dict(clinical_notices(snapshot))["Training"][0]["text"]
    assert told.endswith(f"recorded for none of {training} patients.")
    entry = mine.patient.form_entries.get()
    for known in ({"msi_status": {"v": "MSS"}}, {"mmr_status": {"v": "pMMR"}}):
        entry.values = {**known, "ras_status": {"missing": "not_done"}}
        entry.save()
        told = dict(clinical_notices(snapshot))["Training"][0]["text"]
        assert told.endswith(f"not recorded for {training - 1} of {training} patients.")
    Derivation.objects.filter(child_digest=label.inputs_digest).delete()
    assert material_notices(snapshot) == [("PET, Training", [scan])]


def _matrix_behind(study: Study, label: Phenotype) -> ExpressionMatrix:
    """A matrix with a column of one specimen, which the label was made of; another of nobody."""
    batch = ImportBatch.objects.filter(study=study).latest("id")
    matrix = ExpressionMatrix.objects.create(
        study=study, batch=batch, file=file_store(study, b"a matrix", "expression"), scale="tpm",
        n_genes=1, n_specimens=1, inputs_digest="m", notices=[
            {"code": "scale_not_declared", "text": "The scale was not declared."},
            {"code": "columns_left_out",
             "text": "1 columns of no patient of the study left out: CRC-999."},
            {"code": "former_pseudonym",
             "text": "CRC-2 is the former pseudonym of CRC-1, whose files these are."},
        ],
    )  # fmt: skip
    column = ExpressionColumn.objects.create(
        patient=label.patient, matrix=matrix, specimen=label.specimen, position=0, label="a"
    )
    assert label.fit is not None
    CellAbundance.objects.create(
        patient=label.patient, specimen=label.specimen, column=column, scores={},
        signature=label.fit.signature, inputs_digest="n",
    )  # fmt: skip
    derivation_record(study, ["n"], label.inputs_digest)
    return matrix


@begins_with(with_features(60))
def test_new_follow_up_is_frozen_anew(as_statistician: People) -> None:
    """The same rows give the same snapshot, one day of one patient another."""
    first = cohorts_freeze(as_statistician.study)
    assert cohorts_freeze(as_statistician.study) == first
    value = EndpointValue.objects.filter(definition__name="overall_survival").latest("id")
    EndpointValue.objects.filter(pk=value.pk).update(duration_days=value.duration_days + 1)
    assert cohorts_freeze(as_statistician.study).sha256 != first.sha256


def test_a_study_without_report_says_how_to_get_one(people: People, client: Client) -> None:
    client.force_login(people.statistician)
    response = client.get(reverse("modeling:report", args=[people.study.uid]))
    assert "No report yet" in response.content.decode()
    with acting_as(people.statistician), pytest.raises(DataProblem, match="Rad-Score"):
        report_build(people.study)


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless():
    rows = [["=HYPERLINK(1)", "@x", -0.5]]
    answer = table_csv({"key": "t", "columns": ["of", "=a", "b"], "rows": rows})
    assert [line.split(",")[:3] for line in answer.splitlines()[1:]] == [
        ["'=HYPERLINK(1)", "'=a", "'@x"],
        ["'=HYPERLINK(1)", "b", "-0.5"],
    ]


def test_rows_of_a_file_that_begin_alike_are_told_apart():
    rows = [["Training", 20, "Harrell's C", 0.6], ["Training", 20, "AUC at 24 months", 0.8]]
    table = {"key": "t", "columns": ["Cohort", "n", "Measure", "With"], "rows": rows}
    lines = list(csv.DictReader(io.StringIO(table_csv(table))))
    assert len({(line["row"], line["column"]) for line in lines}) == len(lines) == 6
    assert lines[2]["row"] == "Training, Harrell's C"
