"""Designs and scores made of arrays, for tests of verdicts that need no files."""

from pathlib import Path

import numpy as np

from harness.compare.design import Arm, Design, FailedRun, ScoredRun
from harness.compare.scores import SuiteScores
from harness.spec.records import Suite


def arm(name, seeds, failed=()):
    runs = [
        FailedRun(kind="out_of_memory", message="no room", seed=k)
        if k in failed
        else ScoredRun(folder=Path(f"/none/{name}/{k}"), seed=k)
        for k in range(seeds)
    ]
    return Arm(name=name, runs=tuple(runs))


def design(seeds=5, *, candidates=1, roles=("in_domain", "out_of_domain"), failed=(), metric="acc", **changes):
    names = ["lora"] if candidates == 1 else [f"lora{k}" for k in range(candidates)]
    guards = "guard" in roles
    fields = {
        "reference": arm("full", seeds),
        "candidates": tuple(arm(name, 1 if changes.get("one_run") else seeds, failed) for name in names),
        "base": arm("base", 1) if guards else None,
        "suites": tuple(Suite(task=f"{role}_{k}", role=role, metric=metric) for k, role in enumerate(roles)),
        "sesoi": 0.02,
    }
    return Design(**fields | changes)


def scores(design, gaps, *, items=400, noise=0.05, seed_sd=0.002, rng=None, clusters=None, reference="full"):
    """Scores of a design: continuous, in 0..1, with `gaps[role number]` between the reference and each candidate."""
    rng = rng or np.random.default_rng(1)
    found = []
    for suite, gap in zip(design.suites, gaps, strict=True):
        easy = 0.6 + 0.1 * rng.standard_normal(items)
        values = {reference: _rows(design.reference, easy, 0.0, noise, seed_sd, rng)}
        for candidate in design.candidates:
            values[candidate.name] = _rows(candidate, easy, gap, noise, seed_sd, rng)
        if suite.role == "guard":
            values["base"] = easy[None, :]
        found.append(
            SuiteScores(suite=suite, values=values, clusters=clusters, higher_is_better=True, worst=0.0, notes=())
        )
    return tuple(found)


def _rows(arm, easy, gap, noise, seed_sd, rng):
    seeds = len(arm.runs)
    rows = easy - gap + seed_sd * rng.standard_normal((seeds, 1)) + noise * rng.standard_normal((seeds, len(easy)))
    rows[[k for k, ran in enumerate(arm.ran) if not ran]] = np.nan
    return rows
