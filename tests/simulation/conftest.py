import pytest

from simulation.plan import StudyPlan
from simulation.study import Study, simulate_study


@pytest.fixture(scope="session")
def study() -> Study:
    """The study as planned: 306 patients."""
    return simulate_study(StudyPlan(seed=1))


@pytest.fixture(scope="session")
def small_study() -> Study:
    return simulate_study(StudyPlan(patients=24, seed=3))
