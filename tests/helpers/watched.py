"""A cell that tells what a trained one does, and looks, for tests of what a run shows."""

from harness.execution.events import ItemsScored, StageEntered, StepDone
from harness.plan.cells import PlannedCell
from harness.records import Cell, CellFailure, Costs, Evaluation
from harness.spec.records import Recipe, Suite
from harness.verdict.records import Look, Looks
from helpers.records import cell_result, training

CELL = Cell(id="lora--x--s1--0", recipe="lora--x", seed=1)
SUITES = {key: Suite(task=key, role="in_domain", metric="acc") for key in ("near", "far")}
PLANNED = PlannedCell(cell=CELL, recipe=Recipe(method="lora", name="x"), suites=SUITES)
BASE = PlannedCell(cell=Cell(id="base--0", recipe="base", seed=None), recipe=None, suites=SUITES)
FAILURE = CellFailure(cell=CELL, kind="out_of_memory", stage="train", message="no memory left")
MESSAGES = (
    StageEntered("train"),
    *(StepDone(n, 4, 2.5, 100 * n) for n in (1, 2, 3, 4)),
    StageEntered("evaluate near"),
    ItemsScored("near", 5, 10),
    StageEntered("evaluate far"),
    ItemsScored("far", 10, 10),
)
LOOKS = Looks(
    seeds=(2, 6),
    stop_at="settled",
    taken=(
        Look(
            number=1,
            seeds=(1, 2),
            tail=0.02,
            level=0.95,
            pairs={},
            labels={"lora--x, near → far": "persists", "dora--y, near → far": "inconclusive"},
            stop=None,
        ),
    ),
    stopped_at=None,
    passed=(),
)


def planned(recipe, seed):
    """A cell of a grid."""
    method, name = recipe.split("--")
    cell = Cell(id=f"{recipe}--s{seed}--0", recipe=recipe, seed=seed)
    return PlannedCell(cell=cell, recipe=Recipe(method=method, name=name), suites=SUITES)


def result(one=PLANNED, seconds=4.0, **scores):
    """How it ended, with its accuracy by task."""
    scored = tuple(
        Evaluation(
            task=task,
            items=10,
            metrics={"acc_norm,none": 0.0, "acc,none": score},
            results="results.json",
            samples="samples.jsonl",
            scorer="0",
            seconds=1.0,
        )
        for task, score in scores.items()
    )
    trained = training() if one.recipe else None
    costs = Costs(seconds={"train": seconds - 1, "evaluate": 1.0})
    return cell_result(one.cell, costs=costs, train_info=trained, evaluations=scored)


class Clock:
    """Stands still until it is set."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def play(watcher, outcome=None):
    """Tell a watcher what a cell does from its beginning to its end; one before it had ended."""
    watcher.preparing(StageEntered("model"))
    watcher.planned("cells", [BASE, PLANNED], [result(BASE)])
    watcher.cell(1, PLANNED)
    for message in MESSAGES:
        watcher.message(CELL.id, message)
    watcher.ended(outcome or result(near=0.5, far=0.25))
