"""A watcher that keeps what a run says."""


class Silent:
    """Keeps which cells ran and how they ended."""

    def __init__(self):
        self.kinds = []
        self.cells = []
        self.outcomes = []

    def preparing(self, message):
        pass

    def planned(self, kind, cells, done):
        self.kinds.append((kind, len(cells), done))

    def cell(self, place, planned):
        self.cells.append(planned.cell.id)

    def message(self, message):
        pass

    def ended(self, outcome):
        self.outcomes.append(outcome)
