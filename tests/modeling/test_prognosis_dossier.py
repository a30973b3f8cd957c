"""What a prognostic model is asked in its own patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modeling.methods.prognosis import fit_prognosis
from modeling.methods.prognosis_dossier import LEAST_EVENTS_EACH, examine_prognosis
from modeling.methods.prognosis_plan import PrognosisPlan

CANDIDATES = ("age", "marker", "size")
PLAN = PrognosisPlan(CANDIDATES, ("score",), {}, (6.0, 12.0))


@pytest.mark.parametrize("events", [LEAST_EVENTS_EACH * 4 - 1, LEAST_EVENTS_EACH * 4])
def test_the_whole_pipeline_is_resampled_where_its_candidates_have_the_events(events: int) -> None:
    random = np.random.default_rng(5)
    table = pd.DataFrame(random.normal(size=(40, 4)), columns=[*CANDIDATES, "score"])
    time = random.exponential(20, 40) + 1
    event = np.arange(40) < events
    fit = fit_prognosis(table, time, event, PLAN, seed=1)
    found = examine_prognosis(fit, table, time, event, "score", 12.0, resamples=4, seed=1)
    refused = {n.code: n.text for n in found.notices}.get("optimism_not_estimable", "")
    if events < LEAST_EVENTS_EACH * 4:
        assert found.pipeline is None
        assert f"{events} events for 4 candidate columns" in refused
    else:
        assert found.pipeline is not None
        assert found.pipeline.resamples == 4
