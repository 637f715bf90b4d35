"""A comparison of anyone's sample logs: folders, tasks and a metric make a design."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.compare.declared import declared_design, declared_suites
from harness.compare.design import BASE, Arm, Design, ScoredRun
from harness.spec.records import Duplicates, IdenticalRuns


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
    lower_is_better: bool | None = None,
    cluster: str = "cluster",
    fixed_items: bool = False,
    sesoi: float | None = None,
    guard_sesoi: float | None = None,
    retention: float = 0.5,
    alpha: float = 0.05,
    require_gain: bool = True,
    seed_sd: float | None = None,
    seed_df: float | None = None,
    newest: bool = True,
    duplicates: Duplicates = "once",
    identical_runs: IdenticalRuns = "refuse",
    model: str | None = None,
    one_run: bool = False,
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
    paired with the reference's seeds.

    Raises `ComparisonError` with everything that is wrong.
    """
    return declared_design(
        reference=_arm(reference_name, reference),
        candidates=[_arm(name, folders) for name, folders in candidates.items()],
        base=None if base is None else _arm(BASE, [base]),
        suites=declared_suites(
            in_domain=in_domain,
            out_of_domain=out_of_domain,
            guards=guards,
            metric=metric,
            guard_metric=guard_metric,
            cluster=cluster,
            fixed_items=fixed_items,
            guard_sesoi=sesoi if guard_sesoi is None else guard_sesoi,
        ),
        metric=metric,
        sesoi=sesoi,
        retention=retention,
        alpha=alpha,
        require_gain=require_gain,
        seed_sd=seed_sd,
        seed_df=seed_df,
        lower_is_better=lower_is_better,
        newest=newest,
        duplicates=duplicates,
        identical_runs=identical_runs,
        model=model,
        one_run=one_run,
    )


def _arm(name: str, folders: Sequence[Path | str]) -> Arm:
    return Arm(name=name, runs=tuple(ScoredRun(folder=Path(folder)) for folder in folders))
