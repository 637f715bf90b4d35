"""Verdicts of runs, of anyone's logs and of tables; and two files of prompts beside each other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from harness.api.declaring import PathLike, load
from harness.api.running import opened, run_of
from harness.errors import UsageError
from harness.extras import require
from harness.runs import Run
from harness.spec.records import Duplicates, IdenticalRuns, Model

if TYPE_CHECKING:
    from harness.compare.design import Design
    from harness.inputs.shifted import InputShift
    from harness.verdict import Verdicts


@overload
def compare(run: Run | PathLike, /) -> "Verdicts": ...


@overload
def compare(
    *,
    reference: Sequence[PathLike],
    candidates: Mapping[str, Sequence[PathLike]],
    in_domain: Sequence[str],
    metric: str,
    out_of_domain: Sequence[str] = (),
    guards: Sequence[str] = (),
    base: PathLike | None = None,
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
) -> "Verdicts": ...


@overload
def compare(
    table: Any,
    /,
    *,
    reference: str,
    candidates: Sequence[str] = (),
    in_domain: Sequence[str] = (),
    out_of_domain: Sequence[str] = (),
    guards: Sequence[str] = (),
    metric: str | None = None,
    base: str | None = None,
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
    duplicates: Duplicates = "refuse",
    identical_runs: IdenticalRuns = "refuse",
    model: str | None = None,
) -> "Verdicts": ...


def compare(run: Any = None, /, **declared: Any) -> "Verdicts":
    """Return verdicts from a run as far as it came, from anyone's ``lm_eval --log_samples`` folders, or from a table.

    A run is compared as its experiment declares. Of logs, `reference` and each candidate are folders, one a training
    seed in one order of seeds; the other parameters are those of `harness.compare.logs.design_of_logs`. A table of
    scores is a CSV, JSON-lines or parquet file, a data frame, an arrow table or a list of mappings, with the columns
    arm, seed, suite, item, score and perhaps cluster, role, model, metric, options; `reference`, `candidates` and
    `base` are then arms, and the parameters those of `harness.compare.tables.design_of_table`. A suite that cannot be
    compared is listed in `Verdicts.not_compared`, with the reasons. Raises `ComparisonError` where none is left, for a
    comparison that is wrong itself, and with all rows of a table that are wrong; `UsageError` for a run together with
    what it declares itself.
    """
    if run is None or is_table(run):
        from harness.verdict import judge

        return judge(compared(run, **declared))
    if declared:
        raise UsageError(f"a run declares its own comparison; for logs or a table alone: {', '.join(declared)}.")
    with opened(run) as found:
        return found.verdicts


def compared(run: Any = None, /, **declared: Any) -> "Design":
    """Return what `compare` judges when it is called so: arms, suites, margins; the scores are not read yet."""
    if run is None:
        from harness.compare.logs import design_of_logs

        return design_of_logs(**declared)
    if is_table(run):
        from harness.compare.sources.table import read_table
        from harness.compare.tables import design_of_table

        if "reference" not in declared:
            raise UsageError("a table of scores: name the arm that is the reference (reference=, or --reference NAME).")
        table = read_table(run, cluster=declared.get("cluster", "cluster"))
        return design_of_table(table, **declared)

    from harness.compare.design_of_run import design_of

    return design_of(run_of(run).files)


def compare_inputs(
    old: PathLike,
    new: PathLike,
    *,
    field: str | None = None,
    model: PathLike | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> "InputShift":
    """Return whether two files of prompts differ by more than the old ones do among themselves.

    A file is text with a prompt a line, or a table with the column `field` (``prompt``). With a `model`, a folder in
    the transformers format or a spec whose base is meant, also by how likely it finds them, which needs the extra
    `run`. `alpha` is the error rate over all measures together, `seed` draws what is drawn. Raises `ComparisonError`
    with everything that is wrong with both files, `SpecError` and `SourceError` for the model.
    """
    from harness.inputs.prompts import read_both
    from harness.inputs.shifted import compare_prompts

    prompts = read_both(Path(old), Path(new), field)
    if model is None:
        return compare_prompts(*prompts, alpha=alpha, seed=seed)
    base, device = _base_model(model)
    require("run", "how likely a base model finds prompts")
    from harness.inputs.likelihood import likely

    return compare_prompts(*prompts, likely=likely(*prompts, base, device=device), alpha=alpha, seed=seed)


def _base_model(given: PathLike) -> tuple[Model, str]:
    """Return a model in a folder, or a spec's base, and where it is to be."""
    if Path(given).is_dir():
        return Model(source="path", path=str(Path(given).resolve())), "cpu"
    experiment = load(given)
    return experiment.model, experiment.execute.device or "cpu"


def is_table(given: Any) -> bool:
    """Say whether what is to be compared is a table of scores, a file or in memory, and not a run."""
    from harness.compare.sources.rows import is_table as is_table_file

    if isinstance(given, str | Path):
        return not Path(given).is_dir() and is_table_file(Path(given))
    return not isinstance(given, Run)
