import gzip
import json
import zipfile

import pandas as pd
import pytest

from simulation.__main__ import main
from simulation.clinical import COLUMNS
from simulation.files import write_study
from simulation.plan import StudyPlan
from simulation.study import simulate_study


def contents(folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory, small_study):
    out = tmp_path_factory.mktemp("written")
    seen = []
    write_study(small_study, out, lambda *step: seen.append(step))
    return out, seen


def test_the_files_of_a_study(written, small_study):
    out, _ = written
    assert set(contents(out)) == {
        "cohort.csv", "counts.csv.gz", "densities.csv", "study.json", "truth.csv",
        "dicom/petct_01.zip",
    }  # fmt: skip
    with zipfile.ZipFile(out / "dicom" / "petct_01.zip") as archive:
        names = archive.namelist()
    assert len(names) == len(small_study) * 73
    assert {name.split("/")[0] for name in names} == set(small_study.patients)


def test_progress_ends_at_its_total(written):
    _, seen = written
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert seen[-1][0] == seen[-1][1]


def test_cohort_table_has_the_agreed_columns(written, small_study):
    out, _ = written
    table = pd.read_csv(out / "cohort.csv", dtype=str, keep_default_na=False)
    assert list(table) == COLUMNS
    assert table["patient_id"].tolist() == small_study.patients


def test_counts_are_genes_by_specimens(written, small_study):
    out, _ = written
    table = pd.read_csv(out / "counts.csv.gz", index_col=0)
    assert table.shape == (20_000, small_study.latent["has_rna"].sum())
    assert table.index.is_unique
    assert (table.to_numpy() == small_study.counts.values).all()
    assert {name.removesuffix("-T1") for name in table} <= set(small_study.patients)


def test_densities_are_four_per_patient_but_for_biopsies(study):
    table = study.densities
    per_specimen = table.groupby("specimen")["density"].size()
    biopsy = per_specimen.index.str.endswith("-B1")
    assert (per_specimen[~biopsy] == 4).all()
    assert (per_specimen[biopsy] == 2).all()
    assert biopsy.sum() == 15
    assert (table["density"] > 0).all()


def test_everything_says_simulated(written):
    out, _ = written
    described = json.loads((out / "study.json").read_text())
    assert described["label"] == "SIMULATED"
    assert "SIMULATED" in described["name"]


def test_same_seed_same_bytes_whatever_the_workers(written, tmp_path):
    out, _ = written
    write_study(simulate_study(StudyPlan(patients=24, seed=3)), tmp_path, workers=2)
    assert contents(tmp_path) == contents(out)


def test_nothing_changes_without_the_truth(written, tmp_path, small_study):
    out, _ = written
    write_study(small_study, tmp_path, truth=False)
    expected = contents(out)
    del expected["truth.csv"]
    assert contents(tmp_path) == expected


def test_another_seed_is_another_study(small_study):
    other = simulate_study(StudyPlan(patients=24, seed=4))
    assert not (other.counts.values == small_study.counts.values).all()
    assert not other.clinical.equals(small_study.clinical)


def test_breaks_move_only_what_they_name(small_study):
    swapped = simulate_study(StudyPlan(patients=24, seed=3, break_="swap_images"))
    shuffled = simulate_study(StudyPlan(patients=24, seed=3, break_="shuffle_rna"))
    for broken in (swapped, shuffled):
        assert broken.clinical.equals(small_study.clinical)
        assert broken.densities.equals(small_study.densities)
    assert (swapped.counts.values == small_study.counts.values).all()
    assert (swapped.image_source != small_study.image_source).all()
    assert (shuffled.rna_source != small_study.rna_source).all()
    assert (shuffled.image_source == small_study.image_source).all()


def test_command_writes_json_progress(tmp_path, capsys, monkeypatch):
    arguments = ["simulation", str(tmp_path), "--patients", "20", "--workers", "1",
                 "--without-truth", "--progress", "json"]  # fmt: skip
    monkeypatch.setattr("sys.argv", arguments)
    assert main() == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == {"done": 23, "total": 23, "message": "the study is written"}
    assert not (tmp_path / "truth.csv").exists()
    with gzip.open(tmp_path / "counts.csv.gz", "rt") as counts:
        assert counts.readline().startswith('"gene_symbol"')


def test_command_refuses_a_bad_plan(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["simulation", str(tmp_path), "--patients", "3"])
    assert main() == 2
    assert "at least 20" in capsys.readouterr().err
