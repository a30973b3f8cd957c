import numpy as np
import pytest

from simulation.plan import COHORTS, StudyPlan, apportion, proportion
from simulation.study import simulate_study


def test_cohorts_have_the_papers_sizes():
    assert StudyPlan().sizes == (105, 60, 42, 99)


@pytest.mark.parametrize("patients", [20, 60, 61, 307, 1000])
def test_cohorts_are_proportional_at_other_sizes(patients):
    sizes = np.array(StudyPlan(patients=patients).sizes)
    exact = patients * np.array([105, 60, 42, 99]) / 306
    assert sizes.sum() == patients
    assert np.abs(sizes - exact).max() < 1


@pytest.mark.parametrize(
    "options",
    [{"patients": 5}, {"break_": "everything"}, {"signal": -1}, {"signal": 2}, {"seed": -1}],
)
def test_plan_refuses_what_it_cannot_simulate(options):
    with pytest.raises(ValueError, match=next(iter(options)).rstrip("_")):
        StudyPlan(**options)


def test_apportion_gives_ties_to_the_first():
    assert apportion(3, (1, 1)) == (2, 1)


@pytest.mark.parametrize("patients", [60, 306])
@pytest.mark.parametrize("seed", [1, 2])
def test_margins_are_exact(patients, seed):
    study = simulate_study(StudyPlan(patients=patients, seed=seed))
    for cohort, size in zip(COHORTS, study.plan.sizes, strict=True):
        rows = study.clinical[study.clinical["cohort"] == cohort.name]
        of = cohort.size
        assert len(rows) == size
        assert (rows["sex"] == "male").sum() == proportion(cohort.male, of, size)
        assert (rows["metastasis_count"] >= 3).sum() == proportion(
            cohort.three_metastases, of, size
        )
        assert (rows["largest_metastasis_cm"] >= 5).sum() == proportion(cohort.five_cm, of, size)
        assert study.latent.loc[rows.index, "hot"].sum() == round(0.48 * size)
        responses = rows["response"].value_counts()
        found = [responses.get(name, 0) for name in ("CR", "PR", "SD", "PD")]
        assert tuple(found) == apportion(sum(found), cohort.responses)


def test_columns_stay_in_their_ranges(study):
    table = study.clinical
    assert table["age_years"].between(29, 81).all()
    assert table["largest_metastasis_cm"].between(1.6, 8.5).all()
    assert (table["liver_metastasis_count"] <= table["metastasis_count"]).all()
    assert (table["liver_metastasis_count"] >= 1).all()
    assert study.image_parameters["second_lesion"].mean() == pytest.approx(1 / 3, abs=0.01)


def test_rna_is_missing_where_the_plan_says(study):
    share = study.latent.groupby("cohort")["has_rna"].mean()
    assert share.to_dict() == {
        "training": 1,
        "internal_validation": 1,
        "external_phenotype": 0.5,
        "external_response": 0,
    }


@pytest.mark.parametrize("patients", [60, 306])
def test_every_cohort_lies_in_several_scanners(patients):
    """Two that training knows well, to harmonise over; elsewhere known and unknown ones."""
    latent = simulate_study(StudyPlan(patients=patients)).latent
    shares = latent.groupby("cohort")["scanner"].value_counts(normalize=True)
    assert (shares.groupby("cohort").max() <= 0.75).all()
    counts = latent.groupby("cohort")["scanner"].value_counts()
    known = set(counts["training"][counts["training"] >= 0.4 * counts["training"].sum()].index)
    assert known == {"Phantom PET/CT 1", "Phantom PET/CT 4"}
    for cohort in ("external_phenotype", "external_response"):
        there = set(counts[cohort].index)
        assert there & known, cohort
        assert there - known, cohort
