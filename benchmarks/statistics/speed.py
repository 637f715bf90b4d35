"""Judge 10 recipes x 10 seeds x 5 suites x 10,000 items: seconds after start-up, and peak memory.

    OMP_NUM_THREADS=1 python -m benchmarks.statistics.speed [--items N]

The bar is 2 seconds and 1 GiB, from scores in memory to verdicts.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np

from harness.compare.design import Arm, Design, ScoredRun
from harness.compare.scores import SuiteScores
from harness.spec.records import Suite
from harness.verdict import judge_scores

RECIPES, SEEDS = 10, 10
SUITES = ("in_domain", "out_of_domain", "out_of_domain", "out_of_domain", "out_of_domain")


def _arm(name: str) -> Arm:
    return Arm(name=name, runs=tuple(ScoredRun(folder=Path(f"{name}/{s}")) for s in range(SEEDS)))


def _scores(design: Design, items: int, rng: np.random.Generator) -> tuple[SuiteScores, ...]:
    clusters = np.arange(items) // 5
    found = []
    for suite in design.suites:
        values = {}
        for k, arm in enumerate(design.arms):
            chance = 0.6 - 0.01 * k + 0.01 * rng.standard_normal((SEEDS, 1))
            values[arm.name] = (rng.random((SEEDS, items)) < chance).astype(np.float64)
        found.append(SuiteScores(suite=suite, values=values, clusters=clusters, higher_is_better=True, worst=0.0))
    return tuple(found)


def main() -> None:
    """Time the judgement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    items = parser.parse_args().items
    design = Design(
        reference=_arm("full"),
        candidates=tuple(_arm(f"recipe{k}") for k in range(1, RECIPES)),
        suites=tuple(Suite(task=f"suite{k}", role=role, metric="acc") for k, role in enumerate(SUITES)),
        sesoi=0.02,
    )
    scores = _scores(design, items, np.random.default_rng(1))
    start, start_cpu = time.perf_counter(), time.process_time()
    verdicts = judge_scores(design, scores)
    wall, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(verdicts.comparisons)} comparisons of {items} items: {wall:.2f} s ({cpu:.2f} CPU s), peak {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main()
