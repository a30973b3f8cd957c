"""``make bench``: every benchmark in turn; ``python -m benchmarks.demo`` runs one."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "demo",
    "auc_resampling",
    "classifier_comparison",
    "rad_score_workers",
    "prognosis",
    "firth",
    "simulation_seeds",
    "slide_counting",
    "imaging_viewer",
    "imaging_ingest",
    "imaging_features",
    "table_import",
    "rna",
    "rna_pages",
    "cohort_pages",
    "cohort_tables",
    "upload_memory",
    "upload_refused",
    "study_glance",
    "pages",
)


def main(names: list[str]) -> int:
    worst = 0
    for name in names or BENCHMARKS:
        print(f"\n# {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        worst = max(worst, subprocess.run(command, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
