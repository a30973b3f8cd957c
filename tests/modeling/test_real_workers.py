"""Real worker processes: equal numbers for 1, 2 and 3, one lost by kill -9, a cancel that stops."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.modeling.real_workers import PROJECT, own_place


def test_fits_are_equal_on_any_number_of_workers_and_a_lost_one_costs_its_share(
    environment, template_database, tmp_path
):
    with own_place(environment, template_database, tmp_path) as place:
        answer = subprocess.run(
            [sys.executable, "-m", "tests.modeling.shared_out"],
            cwd=PROJECT, env=place, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert answer.returncode == 0, answer.stderr[-3000:]
    told = json.loads(answer.stdout.splitlines()[-1])
    assert told["three"] == told["two"] == told["one"] == told["alone"]
    attempts = {int(pk): attempt for pk, attempt in told["three_attempts"].items()}
    assert [pk for pk, attempt in attempts.items() if attempt == 2] == told["lost"]
    assert sorted(attempts.values()) == [1, 1, 1, 1, 1, 2]
    assert set(told["two_attempts"].values()) == set(told["one_attempts"].values()) == {1}
    assert [len(told[f"{name}_pids"]) for name in ("three", "two", "one")] == [3, 2, 1]
    assert set(told["three_by"]) <= set(told["three_pids"])
    assert set(told["two_by"]) <= set(told["two_pids"])  # the parent did none of them
    assert told["one_by"] == told["one_pids"] * 6
    assert set(told["cancelled"]) <= {"cancelled", "done"}
    assert "cancelled" in told["cancelled"]
