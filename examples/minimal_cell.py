"""One cell by hand: put a recipe's adapter into a model, train it, save it, load it again, score it.

``python examples/minimal_cell.py [SPEC [RECIPE [FOLDER]]]``, by default `quick`, its first candidate and cell/.
`harness run` does this for every recipe and seed, each in a process of its own, checks what came out, keeps a ledger
that it can resume from, and compares.
"""

import sys
from pathlib import Path

import harness
from harness.methods import store
from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Recipe
from harness.training import train
from harness.training.probe import probe_batches
from harness.training.rows import training_rows

SEED = 1


def run_cell(experiment: harness.Experiment, recipe: Recipe, folder: Path) -> None:
    """Train a recipe with one seed, as the experiment says, and score it on the experiment's suites."""
    fields = experiment.training_of(recipe)
    base = models.load(experiment.model)
    rows = training_rows(experiment, base.tokenizer)

    batches = probe_batches(rows, base.tokenizer, fields, seed=SEED)  # for recipes that choose layers by data
    adapted = adapt(base.model, recipe, seed=SEED, batches=batches, tokenizer=base.tokenizer)
    print(f"{recipe.id}: {adapted.trainable:,} of {adapted.total:,} parameters train, in layers {adapted.layers}")

    trained = train(adapted, base.tokenizer, rows, fields, seed=SEED, on_step=lambda *_: None)
    print(f"{trained.steps} steps in {trained.seconds:.1f} s, loss {trained.losses[0]:.3f} to {trained.losses[-1]:.3f}")

    store.save(adapted, folder / "adapter")
    again = store.load(models.load(experiment.model).model, recipe, folder / "adapter")

    evaluations = harness.evaluate(
        again.model,
        experiment.suites,
        tokenizer=base.tokenizer,
        out=folder / "scores",
        limit=experiment.evaluation.limit,
        include=[experiment.file.parent],
    )
    for evaluation in evaluations:
        print(f"{evaluation.task}, {evaluation.items} items: {dict(evaluation.metrics)}")


def main(spec: str = "quick", name: str = "", folder: str = "cell") -> None:
    """Run the cell of one recipe of a spec."""
    experiment = harness.load(spec)
    wanted = name or experiment.comparison.candidates[0]
    (recipe,) = (each for each in experiment.recipes if each.id == wanted)
    run_cell(experiment, recipe, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
