"""What a reader must know before believing a table: doubts about single cells, and what was checked beforehand."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from harness.errors import REPORT_IT
from harness.ledger import RunFolder
from harness.ledger.outcomes import trained
from harness.records import CellFailure, CellResult, Screening
from harness.report.document import Notice
from harness.spec.records import Experiment


def marks(run: RunFolder) -> Iterator[Notice]:
    """Yield failures, adapters of another base by name, guards not passed, unpaired data and unequal budgets."""
    yield from map(Notice, _marks(run))


def _marks(run: RunFolder) -> Iterator[str]:
    results = trained(run.outcomes)
    yield from _reproduced(run)
    yield from _failures(run)
    yield from _of_another_name(run)
    yield from _guards(results)
    yield from _across(run)
    yield from _otherwise(results)
    yield from _precision(run.experiment, results)
    for seed in sorted({each.cell.seed for each in results if each.cell.seed is not None}):
        for alike in _by_rows(run.experiment, [each for each in results if each.cell.seed == seed]):
            yield from _unpaired(alike, seed)
            yield from _unequal(run.experiment, alike, seed)


def _reproduced(run: RunFolder) -> Iterator[str]:
    """Say which lock a run was held to, and what is otherwise than there: numbers may differ by that."""
    made_from = run.lock.reproduces
    if made_from is None:
        return
    yield (
        f"reproduces {made_from.lock} (SHA-256 {made_from.sha256[:12]}…): model, data, suites and recipes agree with it"
        f"{'; these differ:' if made_from.differing else ', versions and machine too'}"
    )
    yield from (f"differs from {made_from.lock}: {each}" for each in made_from.differing)


def _failures(run: RunFolder) -> Iterator[str]:
    for outcome in run.outcomes:
        if isinstance(outcome, CellFailure):
            yield f"failed: {outcome.cell.id} ({outcome.kind} in {outcome.stage}): {outcome.message}{_sent(outcome)}"


def _of_another_name(run: RunFolder) -> Iterator[str]:
    """Mark adapters from elsewhere whose shapes fit the base and whose configuration names another model."""
    model = run.experiment.model
    ours = {model.name, model.address, PurePath(model.name).name}
    for result in (each for each in run.outcomes if isinstance(each, CellResult)):
        named = result.run_info.existing.base_model if result.run_info.existing else None
        if named is not None and not {named, PurePath(named).name} & ours:
            yield (
                f"another base by name: {result.cell.id}: its adapter_config.json says that it was trained on {named}; "
                f"every weight fits {model.name}, which does not tell a model from its kin"
            )


def _sent(outcome: CellFailure) -> str:
    return f" (a bug: {REPORT_IT} The traceback is in its result.json)" if outcome.kind == "bug" else ""


def _guards(results: Sequence[CellResult]) -> Iterator[str]:
    for result in results:
        failed = [name for name, each in result.all_measurements.items() if each.passed is False]
        if failed:
            yield f"guard not passed: {result.cell.id}: {', '.join(failed)}; see its result.json"


def _across(run: RunFolder) -> Iterator[str]:
    failed = [name for name, each in run.measurements.items() if each.passed is False]
    if failed:
        yield f"not passed over all cells: {', '.join(failed)}; see measurements.json"


def _otherwise(results: Sequence[CellResult]) -> Iterator[str]:
    """Mark recipes that adapt more or less than they ask for, because of how the architecture holds its matrices."""
    found = {result.cell.recipe: result.training.notes for result in results}
    yield from (f"not as asked: {recipe}: {'; '.join(notes)}" for recipe, notes in found.items() if notes)


def _precision(experiment: Experiment, results: Sequence[CellResult]) -> Iterator[str]:
    """Mark recipes that were not trained or are not scored in the same dtypes, and a dtype that the device has not."""
    used = {(each.cell.recipe, str(each.training.precision)): None for each in results if each.training.precision}
    if len({precision for _, precision in used}) > 1:
        yield f"precision differs: {'; '.join(f'{recipe} {precision}' for recipe, precision in used)}"
    declared = experiment.model.dtype
    other = [each.meta_info for each in results if each.meta_info.model_info.dtype != declared]
    if other:
        devices = " and ".join(dict.fromkeys(each.system_info.device for each in other))
        dtype = other[0].model_info.dtype
        yield (
            f"model.dtype {declared} is not had on {devices}: {len(other)} of {len(results)} cells computed in "
            f"{dtype}, with loss scaling"
        )


def _by_rows(experiment: Experiment, results: Sequence[CellResult]) -> list[list[CellResult]]:
    """Split cells by the rows that their recipes declare: a placebo's answers are others, and so is their length."""
    declared = {recipe.id: repr(recipe.data) for recipe in experiment.recipes}
    found: dict[str | None, list[CellResult]] = {}
    for each in results:
        found.setdefault(declared.get(each.cell.recipe), []).append(each)
    return [*found.values()]


def _unpaired(results: Sequence[CellResult], seed: int) -> Iterator[str]:
    orders = [each.training.order for each in results if not each.training.stages]  # stages have own data
    if any(len(set(step)) > 1 for step in zip(*orders, strict=False)):
        yield f"not paired: recipes with seed {seed} did not train on the same examples in the same order"


def _unequal(experiment: Experiment, results: Sequence[CellResult], seed: int) -> Iterator[str]:
    """Mark recipes that read more or less than others though nothing in the spec asks for it."""
    if experiment.early_stopping is not None:
        return
    alike = {recipe.id for recipe in experiment.recipes if recipe.compute is None and not recipe.stages}
    read = {each.cell.recipe: each.training.tokens for each in results if each.cell.recipe in alike}
    if len(set(read.values())) > 1:
        counts = ", ".join(f"{recipe} {tokens:,}" for recipe, tokens in read.items())
        yield f"unequal budgets: with seed {seed} recipes read different numbers of training tokens ({counts})"


def contamination_text(screening: Screening) -> str:
    """Return the line; a check that found something is no record but an error."""
    suites = " and ".join(", ".join(screening.items).rsplit(", ", 1)) or "no suite"
    line = (
        f"contamination: {screening.rows:,} training rows compared with {sum(screening.items.values()):,} items of "
        f"{suites}: {screening.hits} given away"
    )
    return f"{line}; not {', '.join(screening.exempt)}, declared as recall" if screening.exempt else line
