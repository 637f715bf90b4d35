"""What a run says of its cells while it goes on, in words that the terminal, a pipe and a log share."""

from harness.execution.events import Body, NotResumed, Resumed
from harness.ledger import Outcome
from harness.plan.cells import PlannedCell
from harness.records import Cell, CellFailure, CellResult, Evaluation
from harness.spec.records import Suite
from harness.text import visible
from harness.verdict.records import Looks
from harness.verdict.wording import looks_sentence


def cell_name(cell: Cell) -> str:
    """Return a cell's recipe and seed."""
    return visible(cell.recipe) if cell.seed is None else f"{visible(cell.recipe)} seed {cell.seed}"


def short_name(cell: Cell, width: int) -> str:
    """Return a cell's name in `width` columns: the recipe is cut, the seed never, which alone tells two cells apart."""
    name = cell_name(cell)
    if len(name) <= width or cell.seed is None:
        return name
    tail, recipe = f" s{cell.seed}", visible(cell.recipe)
    room = width - len(tail)
    return f"{recipe if len(recipe) <= room else recipe[: room - 1] + '…'}{tail}"


def kept_words(done: int) -> str:
    """Return how many cells an earlier start left."""
    return f"({done} done before)" if done else ""


def gone_on_words(message: Body) -> str:
    """Return what is said of a training that an earlier start began, nothing for any other message."""
    if isinstance(message, Resumed):
        return f"goes on from the checkpoint after step {message.step} of {message.steps}"
    return f"not gone on from: {message.why}" if isinstance(message, NotResumed) else ""


def ended_words(outcome: Outcome, planned: PlannedCell | None = None) -> str:
    """Return how a cell ended: its time and scores, or what went wrong.

    The scores are by the metrics of the `planned` cell's suites; without it there are none.
    """
    if isinstance(outcome, CellFailure):
        return f"  failed {outcome.cell.id}: {outcome.kind} while in {outcome.stage}: {outcome.message}"
    scores = _scores(outcome, {} if planned is None else {each.task: each for each in planned.suites.values()})
    return f"  done {outcome.cell.id} in {outcome.costs.total_seconds:.0f} s{': ' if scores else ''}{scores}"


def look_words(looks: Looks) -> tuple[str, ...]:
    """Return a line on where a run is among its looks, then one for each verdict that the last of them gave."""
    labels = looks.taken[-1].labels if looks.taken else {}
    return looks_sentence(looks), *(f"  {title}: {label}" for title, label in labels.items())


def _scores(result: CellResult, suites: dict[str, Suite]) -> str:
    found = ((each.task, _score(each, suites[each.task])) for each in result.evaluations if each.task in suites)
    return "  ".join(f"{task} {score:.3f}" for task, score in found if score is not None)


def _score(evaluation: Evaluation, suite: Suite) -> float | None:
    """Return the suite's score; lm-eval's keys have the filter after the metric."""
    named = (value for key, value in evaluation.metrics.items() if key.split(",")[0] == suite.metric)
    return next(named, None)
