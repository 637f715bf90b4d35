"""A run that has been started: its folder as one reads it, and what it comes to.

A module that is heavy to import is imported by the method that needs it.
"""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ComparisonError, first_line
from harness.spec.records import Experiment
from harness.storage import writing

if TYPE_CHECKING:
    from harness.compare.costs import RunCosts
    from harness.compare.held_out import HeldOutLoss
    from harness.compare.summaries import ScoreSummary
    from harness.execution.selection import Selection
    from harness.ledger import Outcome, RunFolder
    from harness.report.beside import Side
    from harness.report.document import Document
    from harness.verdict import Verdicts
    from harness.verdict.decision import Decision


@dataclass(frozen=True)
class Run:
    """A run folder that has been started, read anew when asked; `verdicts` and `costs` are worked out once.

    `bundled` says that it is a bundle's, unpacked for as long as it is looked at; `part` what came of a part of a run
    that was asked for. `judged` are its verdicts where it was judged as it is, at the look at which it stopped.
    """

    folder: Path
    bundled: bool = False
    part: "Selection | None" = None
    judged: "Verdicts | None" = field(default=None, repr=False, compare=False)

    @property
    def experiment(self) -> Experiment:
        """The experiment as it was resolved when the run was last started."""
        return self.files.experiment

    def results(self) -> "tuple[Outcome, ...]":
        """Return how each cell that has ended did so, a `CellResult` or a `CellFailure`, in the order of the plan."""
        return self.files.outcomes

    @functools.cached_property
    def verdicts(self) -> "Verdicts":
        """What the scores show, by the comparison that the experiment declares.

        A suite whose scores cannot be paired is listed in `not_compared` and the others are judged. The journal notes
        every judgement. Raises `ComparisonError` where no cell has finished.
        """
        from harness.verdict import judge_run

        return self.judged or judge_run(self.files)

    def scores(self) -> Any:
        """Return a table with every item's score in every finished cell.

        Its columns are the fields of `harness.compare.tidy.Score`: model, recipe, seed, suite, role, item, cluster,
        metric, score. It is a ``pandas.DataFrame`` where pandas is installed, else a
        ``pyarrow.Table``, else a list of `Score`.
        """
        from harness.compare.sources import read_tidy
        from harness.compare.tidy import as_table

        return as_table(read_tidy(self.folder))

    @functools.cached_property
    def costs(self) -> "RunCosts":
        """What each recipe took: time, memory, disk and money, and how much faster it trains than the reference."""
        from harness.compare.costs import costs_of

        return costs_of(self.files)

    @functools.cached_property
    def decision(self) -> "Decision":
        """What to use: the cheapest recipe that is shown not to be worse, by the cost that the experiment names.

        Raises `ComparisonError` where no cell has finished.
        """
        from harness.verdict.decision import decide

        return decide(self.verdicts.recommendation, self.costs, self.experiment.comparison.cost)

    @property
    def files(self) -> "RunFolder":
        """The folder's files, as the ledger reads them."""
        from harness.ledger import RunFolder

        return RunFolder(self.folder)


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What a run came to, judged once; `verdicts` are None where a search was all. `files` do not change meanwhile."""

    run: Run
    files: "RunFolder"
    verdicts: "Verdicts | None"
    costs: "RunCosts"

    @property
    def text(self) -> str:
        """Scores, costs and verdicts as ``harness run`` ends with them."""
        from harness.report.render.text import TextRenderer

        return TextRenderer().render(self.document)

    @property
    def document(self) -> "Document":
        """What ``harness run`` ends with, before it is laid out."""
        from harness.report.documents import run_document, search_document

        if self.verdicts is None:
            return search_document(self.files, self.costs)
        return run_document(
            self.files,
            self.verdicts,
            self.costs,
            self.scores,
            self.held_out,
            decision=self.run.decision,
            placed=not self.run.bundled,
        )

    @functools.cached_property
    def scores(self) -> "tuple[ScoreSummary, ...]":
        """Each recipe's scores on every suite, summed up over seeds."""
        from harness.compare.summaries import summarise_scores

        return summarise_scores(self.files.experiment, self.files.outcomes)

    @property
    def page(self) -> "Document":
        """Everything that is known of the run, in the order in which a page shows it.

        A bundle has no answers of models: its page has no questions.
        """
        from harness.compare.design_of_run import design_of
        from harness.compare.exported import kept_back_of
        from harness.compare.questions import read_questions
        from harness.report.pages import run_page, search_page

        if self.verdicts is None:
            return search_page(self.files, self.costs)
        return run_page(
            self.files,
            self.verdicts,
            self.costs,
            self.scores,
            self.held_out,
            decision=self.run.decision,
            questions=() if self.run.bundled else read_questions(design_of(self.files), kept_back_of(self.files)),
            placed=not self.run.bundled,
        )

    @property
    def bundled(self) -> dict[str, str]:
        """The report as files of a bundle: as text, and as a page whose pictures are tables, the same wherever made."""
        from harness.report.render.html import HtmlRenderer

        return {"report.txt": f"{self.text}\n", "report.html": HtmlRenderer().render(self.page)}

    @functools.cached_property
    def held_out(self) -> "tuple[HeldOutLoss, ...]":
        """Each recipe's loss on held-out rows, where the spec asks for it."""
        from harness.compare.held_out import held_out_losses

        return held_out_losses(self.files.experiment, self.files.outcomes)

    @property
    def unchecked(self) -> str | None:
        """A sentence on the cells whose files no checksums were recorded of, None where there are no such cells."""
        from harness.ledger.damage import unchecked

        return unchecked(self.files)

    def save(self, *, anew: bool = True) -> None:
        """Write ``verdict.json``, ``costs.json``, and where needed ``held_out.json`` and ``search.json``.

        So are the page, what fits a pull request and the cards of adapters: where results are as they were, only if
        `anew`. Raises `StorageError` where a file cannot be written. Into a bundle nothing is.
        """
        from harness.codec import encode
        from harness.ledger.files import write_json
        from harness.report.files import write_cards, write_page

        if self.run.bundled:
            return
        files: dict[str, Any] = {}
        if self.verdicts is not None:
            files |= {"verdict.json": self.verdicts.to_json()}
            files["costs.json"] = {**self.costs.to_json(), "decision": self.run.decision.to_json()}
        if self.held_out:
            files["held_out.json"] = {"recipes": encode(self.held_out)}
        if self.files.tuning:
            files["search.json"] = {"recipes": encode(self.files.tuning)}
        if self.files.found is not None:
            files["search.json"] = {"found": encode(self.files.found), "cost": encode(self.costs.search)}
        for name, content in files.items():
            path = self.run.folder / name
            with writing(path):
                write_json(path, content)
        decision = None if self.verdicts is None else self.run.decision
        if write_page(self.files, self.verdicts, decision, lambda: self.page, anew=anew):
            write_cards(self.files, self.verdicts)


def beside(first: Run, second: Run, names: tuple[str, str]) -> "Document":
    """Return two runs beside each other, called by `names`: what differs of what was declared, scores and verdicts.

    One that cannot be judged stands there with the reason in the place of its verdicts.
    """
    from harness.report.beside import beside_document

    return beside_document(*(_side(run, name) for run, name in zip((first, second), names, strict=True)))


def _side(run: Run, name: str) -> "Side":
    from harness.compare.summaries import summarise_scores
    from harness.report.beside import Side

    verdicts, why = None, ""
    if not run.experiment.searches_alone:
        try:
            verdicts = run.verdicts
        except ComparisonError as error:
            why = first_line(error)
    scores = summarise_scores(run.experiment, run.results())
    return Side(name=name, run=run.files, scores=scores, verdicts=verdicts, why=why)


def conclude(run: Run) -> Conclusion:
    """Judge a run as far as it came and sum up what it took."""
    from harness.ledger.run import RunAtRest

    alone = run.experiment.searches_alone
    verdicts = None if alone else run.verdicts
    return Conclusion(run=run, files=RunAtRest(run.folder), verdicts=verdicts, costs=run.costs)
