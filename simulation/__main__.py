"""python -m simulation OUT: write a simulated study with known truth."""

import argparse
import json
import sys
import time
from pathlib import Path

from simulation.files import write_study
from simulation.plan import BREAKS, REFERENCE_SIZE, StudyPlan
from simulation.study import simulate_study


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write into")
    parser.add_argument("--patients", type=int, default=REFERENCE_SIZE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--signal", type=float, default=1.0, help="0.5 halves every loading")
    parser.add_argument("--bz", type=float, default=0.45, help="infiltration on the log hazard")
    parser.add_argument("--break", dest="break_", choices=BREAKS, default="none")
    parser.add_argument("--without-truth", action="store_true", help="write no truth.csv")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--progress", choices=("text", "json"), default="text")
    return parser.parse_args(arguments)


class Reporter:
    """A line when something ended, at most four a second."""

    def __init__(self, style: str) -> None:
        self.style, self.last = style, 0.0

    def __call__(self, done: int, total: int, message: str) -> None:
        now = time.monotonic()
        if done < total and now - self.last < 0.25:
            return
        self.last = now
        if self.style == "json":
            print(json.dumps({"done": done, "total": total, "message": message}), flush=True)
        else:
            print(f"{done:4d}/{total} {message}", flush=True)


def main() -> int:
    options = parse()
    try:
        plan = StudyPlan(options.patients, options.seed, options.signal, options.bz, options.break_)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    report = Reporter(options.progress)
    report(0, options.patients + 3, "drawing patients, counts and densities")
    study = simulate_study(plan)
    truth = not options.without_truth
    write_study(study, options.out, report, workers=options.workers, truth=truth)
    return 0


if __name__ == "__main__":
    sys.exit(main())
