"""A comparison of anyone's sample logs: folders, tasks and a metric make a design."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from harness.compare.declared import Declared, declared_design, declared_suites
from harness.compare.design import BASE, DEFAULT_CLUSTER, Arm, Design, ScoredRun


def design_of_logs(
    *,
    reference: Sequence[Path | str],
    candidates: Mapping[str, Sequence[Path | str]],
    in_domain: Sequence[str],
    metric: str,
    out_of_domain: Sequence[str] = (),
    guards: Sequence[str] = (),
    base: Path | str | None = None,
    reference_name: str = "reference",
    guard_metric: str | None = None,
    cluster: str = DEFAULT_CLUSTER,
    fixed_items: bool = False,
    guard_sesoi: float | None = None,
    **declared: Unpack[Declared],
) -> Design:
    """Return the comparison of candidates with a reference, each a folder a training seed, in one order of seeds.

    A folder is what ``lm_eval --log_samples --output_path`` wrote, searched with its subfolders. `in_domain`,
    `out_of_domain` and `guards` name tasks, `metric` a field of their samples; guards compare with the untuned model
    in `base`, and so does the reference in-domain where `base` has scores of it, unless `require_gain` is false.
    `sesoi` is the smallest effect of interest in the metric's unit and need not be given for accuracies and other
    shares. Of several sample files of a task in one folder the `newest` is taken, or they are refused. Items that a
    file has several times, scored alike, count ``once``; `duplicates` may ``refuse`` them. Runs that gave the same
    answers to all items are refused unless `identical_runs` says ``allow``. `model` labels the base model; without it
    the results files do, where they all name the same one. With `one_run` every candidate is one folder, which is not
    paired with the reference's seeds. What else there is to declare has its defaults from `Design`.

    Raises `ComparisonError` with everything that is wrong.
    """
    return declared_design(
        reference=_arm(reference_name, reference),
        candidates=[_arm(name, folders) for name, folders in candidates.items()],
        base=None if base is None else _arm(BASE, [base]),
        suites=declared_suites(
            {"in_domain": in_domain, "out_of_domain": out_of_domain, "guard": guards},
            metric=metric,
            guard_metric=guard_metric,
            cluster=cluster,
            fixed_items=fixed_items,
            guard_sesoi=declared.get("sesoi") if guard_sesoi is None else guard_sesoi,
        ),
        metric=metric,
        **declared,
    )


def _arm(name: str, folders: Sequence[Path | str]) -> Arm:
    return Arm(name=name, runs=tuple(ScoredRun(folder=Path(folder)) for folder in folders))
