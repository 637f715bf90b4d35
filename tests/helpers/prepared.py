"""What an experiment's preparation finds, for tests that need its real content."""

from harness.preflight.content import content_of, rows_of
from harness.sources import models
from harness.suites.load import load_task


def content(experiment):
    """Return the digests of everything that an experiment trains on and is scored on."""
    tokenizer = models.tokenizer(experiment.model)
    tasks = {
        suite.task: load_task(suite.task, beside=experiment.file.parent, include=experiment.include)
        for suite in experiment.suites
    }
    return content_of(experiment, tokenizer, rows_of(experiment, tokenizer), tasks)


def ids(planned, seed=1):
    """Return the hash in the ids of the cells of one seed, by recipe."""
    return {each.cell.recipe: each.cell.id.rpartition("--")[2] for each in planned if each.cell.seed == seed}
