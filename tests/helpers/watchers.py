"""A run of a spec, with a watcher that keeps what it says."""

from harness.errors import FAILURE_KINDS
from harness.execution.run import Options, execute
from harness.spec import Overrides, load


def run(spec, folder, *, retry_failed=False, go_on=False, repair=False, **overrides):
    """Run the spec into the folder; return the run and its watcher."""
    watcher = Silent()
    experiment = load(spec, overrides=Overrides(**overrides))
    retry = frozenset(FAILURE_KINDS if retry_failed else ())
    return execute(experiment, folder, watcher, Options(retry=retry, go_on=go_on, repair=repair)), watcher


class Silent:
    """Keeps which cells ran and how they ended."""

    def __init__(self):
        self.kinds = []
        self.cells = []
        self.outcomes = []
        self.looks = []
        self.removed = []

    def preparing(self, message):
        pass

    def mended(self, removed):
        self.removed += removed

    def planned(self, kind, cells, done):
        self.kinds.append((kind, len(cells), len(done)))

    def cell(self, place, planned):
        self.cells.append(planned.cell.id)

    def message(self, cell, message):
        pass

    def ended(self, outcome):
        self.outcomes.append(outcome)

    def looked(self, looks):
        self.looks.append(looks)
