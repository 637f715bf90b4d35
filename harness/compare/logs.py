"""A comparison of anyone's sample logs: folders, tasks and a metric make a design."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.compare.design import BASE, Arm, Design, ScoredRun
from harness.declarations.metrics import metric as known_metric
from harness.errors import ComparisonError
from harness.spec.records import Duplicates, IdenticalRuns, Role, Suite


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
) -> Design:
    """Return the comparison of candidates with a reference, each a folder a training seed, in one order of seeds.

    A folder is what ``lm_eval --log_samples --output_path`` wrote, searched with its subfolders. `in_domain`,
    `out_of_domain` and `guards` name tasks, `metric` a field of their samples; guards compare with the untuned model
    in `base`, and so does the reference in-domain where `base` has scores of it, unless `require_gain` is false.
    `sesoi` is the smallest effect of interest in the metric's unit and need not be given for accuracies and other
    shares. Of several sample files of a task in one folder the `newest` is taken, or they are refused. Items that a
    file has several times, scored alike, count ``once``; `duplicates` may ``refuse`` them. Runs that gave the same
    answers to all items are refused unless `identical_runs` says ``allow``. `model` labels the base model; without it
    the results files do, where they all name the same one.

    Raises `ComparisonError` with everything that is wrong.
    """
    if (seed_sd is None) != (seed_df is None):
        raise ComparisonError(
            "seed_sd and seed_df, or --seed-sd and --seed-df go together: "
            "a standard deviation and how well it is known."
        )
    asked: tuple[tuple[Role, Sequence[str]], ...] = (("in_domain", in_domain), ("out_of_domain", out_of_domain))
    suites = [
        Suite(task=task, role=role, metric=metric, cluster=cluster, fixed_items=fixed_items)
        for role, tasks in asked
        for task in tasks
    ]
    if guards:
        of_guards = guard_metric or metric
        margin = _sesoi(sesoi if guard_sesoi is None else guard_sesoi, of_guards, "guard_sesoi")
        suites += [Suite(task=task, role="guard", metric=of_guards, sesoi=margin, cluster=cluster) for task in guards]
    return Design(
        reference=_arm(reference_name, reference),
        candidates=tuple(_arm(name, folders) for name, folders in candidates.items()),
        base=None if base is None else _arm(BASE, [base]),
        suites=tuple(suites),
        sesoi=_sesoi(sesoi, metric, "sesoi"),
        retention=retention,
        alpha=alpha,
        require_gain=require_gain,
        variances={} if seed_sd is None or seed_df is None else {"seed_sd": seed_sd, "seed_df": seed_df},
        lower_is_better=lower_is_better,
        newest=newest,
        duplicates=duplicates,
        identical_runs=identical_runs,
        model=model,
    )


def _arm(name: str, folders: Sequence[Path | str]) -> Arm:
    return Arm(name=name, runs=tuple(ScoredRun(folder=Path(folder)) for folder in folders))


def _sesoi(given: float | None, metric: str, name: str) -> float:
    margin = known_metric(metric).sesoi if given is None else given
    if margin is None:
        option = f"--{name.replace('_', '-')}"
        raise ComparisonError(
            f"{metric} has no natural margin: say with {name} or {option} what difference is worth knowing about, "
            f"in {known_metric(metric).unit or 'its unit'} (a tenth of what the reference gains, say)."
        )
    return margin
