"""A comparison of the arms in a table of scores: names in place of folders, and what is missing by its row."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Unpack

from harness.compare.declared import Declared, declared_design, declared_suites
from harness.compare.design import BASE, DEFAULT_CLUSTER, Arm, Design, ScoredRun
from harness.compare.scored import ScoredItem, ScoredSuite, ScoreFile
from harness.compare.sources.table import ROLES, UNNAMED_METRIC, ScoreTable, TableRow, seed_text
from harness.declarations.metrics import ACCURACIES
from harness.errors import ComparisonError
from harness.spec.records import Role, Suite
from harness.spec.suggest import nearest
from harness.text import several

_SHOWN = 3
Runs = Mapping[tuple[str, int | None], Sequence[TableRow]]
"""The rows of each trained model, by arm and seed."""


def design_of_table(
    table: ScoreTable,
    *,
    reference: str,
    candidates: Sequence[str] = (),
    in_domain: Sequence[str] = (),
    out_of_domain: Sequence[str] = (),
    guards: Sequence[str] = (),
    metric: str | None = None,
    base: str | None = None,
    guard_metric: str | None = None,
    cluster: str = DEFAULT_CLUSTER,
    fixed_items: bool = False,
    guard_sesoi: float | None = None,
    **declared: Unpack[Declared],
) -> Design:
    """Return the comparison of a table's arms, by name; seeds and items pair by what they are called.

    `candidates` are all other arms where none is named. `base` is the untuned model, the arm ``base`` where there is
    one. Suites play the roles that are named here, or, where none is, those of the table's column. `metric` is the one
    that the suites have where there is one; it names the scores of a table without that column. Repeated rows are
    refused unless `duplicates` says ``once``. All else is as in `harness.compare.logs.design_of_logs`.

    Raises `ComparisonError` with everything that is wrong, by row.
    """
    asked: Mapping[Role, Sequence[str]] = {"in_domain": in_domain, "out_of_domain": out_of_domain, "guard": guards}
    roles = asked if any(asked.values()) else _declared_roles(table)
    arms = _Arms(table, reference, candidates, base)
    primary, of_guards = _metrics(table, roles, metric, guard_metric)
    declared = {"duplicates": "refuse", **declared}
    _check(table, arms, roles, primary, of_guards, repeated=declared["duplicates"] != "refuse")
    named = declared_suites(
        roles,
        metric=primary,
        guard_metric=of_guards,
        cluster=cluster,
        fixed_items=fixed_items,
        guard_sesoi=declared.get("sesoi") if guard_sesoi is None else guard_sesoi,
    )
    return declared_design(
        reference=arms.arm(reference, named),
        candidates=[arms.arm(name, named) for name in arms.candidates],
        base=None if arms.base is None else arms.arm(arms.base, named),
        suites=named,
        metric=primary,
        **declared,
    )


class _Arms:
    """A table's rows by trained model, and which part its arms play."""

    def __init__(self, table: ScoreTable, reference: str, candidates: Sequence[str], base: str | None) -> None:
        self.table, self.reference = table, reference
        self.names = tuple(dict.fromkeys(row.score.recipe for row in table.rows))
        self.base = base if base is not None else BASE if BASE in self.names and reference != BASE else None
        others = [name for name in self.names if name not in {reference, self.base}]
        self.candidates = tuple(candidates) or tuple(others)
        self.runs: dict[tuple[str, int | None], list[TableRow]] = defaultdict(list)
        for row in table.rows:
            self.runs[row.score.recipe, row.score.seed].append(row)

    @property
    def compared(self) -> tuple[str, ...]:
        """The arms that have a part, those that are in the table."""
        named = (self.reference, *self.candidates, *([] if self.base is None else [self.base]))
        return tuple(name for name in dict.fromkeys(named) if name in self.names)

    def seeds(self, arm: str) -> list[int | None]:
        """Return an arm's seeds in ascending order, None first."""
        found = [seed for name, seed in self.runs if name == arm]
        return sorted(found, key=lambda seed: (seed is not None, seed or 0))

    def problems(self) -> Iterator[str]:
        """Yield names that no arm has, and seeds that only some arms have."""
        named = (self.reference, *self.candidates, *([] if self.base is None else [self.base]))
        for name in named:
            if name not in self.names:
                yield f"{self.table.name} has no arm {name!r}. {nearest(name, self.names)}"
        trained = [name for name in (self.reference, *self.candidates) if name in self.names]
        every = dict.fromkeys(seed for name in trained for seed in self.seeds(name))
        for name in trained:
            mine = set(self.seeds(name))
            for seed in every:
                if seed not in mine:
                    other = next(each for each in trained if seed in self.seeds(each))
                    number = self.runs[other, seed][0].number
                    yield (
                        f"{self.table.name}: {name} has no scores {seed_text(seed)}, which {other} has from "
                        f"{self.table.unit} {number} on: every arm has the same seeds."
                    )
        runs = [] if self.base is None else self.seeds(self.base)
        if len(runs) > 1:
            yield f"{self.table.name}: {self.base} is the untuned model: one run, not {len(runs)}."

    def arm(self, name: str, suites: Sequence[Suite]) -> Arm:
        """Return an arm with its runs' scores on the suites, by ascending seed."""
        runs = []
        for seed in self.seeds(name):
            place = Path(self.table.name) / name / ("no seed" if seed is None else f"seed {seed}")
            scores = dict(_suites(self.table, place, self.runs[name, seed], suites))
            runs.append(ScoredRun(folder=place, scores=scores))
        return Arm(name=BASE if name == self.base else name, runs=tuple(runs))


def _check(
    table: ScoreTable,
    arms: _Arms,
    roles: Mapping[Role, Sequence[str]],
    metric: str,
    of_guards: str,
    *,
    repeated: bool,
) -> None:
    """Raise `ComparisonError` with everything that is wrong with the table; rows may be `repeated` or not."""
    suites = tuple(
        dict.fromkeys((task, of_guards if role == "guard" else metric) for role in ROLES for task in roles[role])
    )
    problems = [
        *table.problems,
        *(() if repeated else table.repeated),
        *arms.problems(),
        *_suite_problems(table, roles, suites),
        *_model_problems(table),
        *missing_pairs(table, arms, suites),
    ]
    if problems:
        raise ComparisonError("\n".join(dict.fromkeys(problems)))


def _suites(
    table: ScoreTable, place: Path, rows: Sequence[TableRow], suites: Sequence[Suite]
) -> Iterator[tuple[tuple[str, str], ScoredSuite]]:
    """Yield one model's items of each suite by its metric; a suite in two roles may have its rows twice."""
    by_task: dict[str, list[TableRow]] = defaultdict(list)
    for row in rows:
        by_task[row.score.suite].append(row)
    for suite in suites:
        mine = [row for row in by_task[suite.task] if _is_by(table, row, suite.metric)]
        roles = {row.score.role for row in mine}
        role = suite.role if suite.role in roles else next(iter(sorted(roles, key=str)), None)
        right = {row.score.item: row.score.score for row in by_task[suite.task] if row.score.metric == "acc"}
        items = [_item(row, suite.metric, right) for row in mine if row.score.role == role]
        if items:
            file = ScoreFile(path=place, model=mine[0].score.model, tabled=True)
            yield (suite.task, suite.metric), ScoredSuite(file=file, items=items)


def _item(row: TableRow, metric: str, right: Mapping[str, float]) -> ScoredItem:
    score = row.score
    return ScoredItem(
        key=(score.item, "", ""),
        doc_id=score.item,
        score=score.score,
        cluster=score.cluster,
        options=row.options,
        accuracy=score.score if metric in ACCURACIES else right.get(score.item),
    )


def _is_by(table: ScoreTable, row: TableRow, metric: str) -> bool:
    return "metric" not in table.columns or row.score.metric == metric


def _declared_roles(table: ScoreTable) -> dict[Role, Sequence[str]]:
    """Return the suites of each role by the table's column, in the order of its rows."""
    return {
        role: tuple(dict.fromkeys(row.score.suite for row in table.rows if row.score.role == role)) for role in ROLES
    }


def _metrics(
    table: ScoreTable, roles: Mapping[Role, Sequence[str]], metric: str | None, of_guards: str | None
) -> tuple[str, str]:
    """Return the metric of the suites and of the guards: as named, else the one that they have, if it is one."""
    judged = {*roles["in_domain"], *roles["out_of_domain"]}
    primary = metric or _only(table, judged) or UNNAMED_METRIC
    return primary, of_guards or (_only(table, set(roles["guard"])) if metric is None else None) or primary


def _only(table: ScoreTable, suites: set[str]) -> str | None:
    found = {row.score.metric for row in table.rows if row.score.suite in suites}
    return found.pop() if len(found) == 1 and "metric" in table.columns else None


def _suite_problems(
    table: ScoreTable, roles: Mapping[Role, Sequence[str]], suites: Sequence[tuple[str, str]]
) -> Iterator[str]:
    known: dict[str, dict[str, None]] = defaultdict(dict)
    for row in table.rows:
        known[row.score.suite][row.score.metric] = None
    for task, metric in suites:
        if task not in known:
            yield f"{table.name} has no suite {task!r}. {nearest(task, known)}"
        elif "metric" in table.columns and metric not in known[task]:
            yield (
                f"{table.name} has no scores on {task} by {metric!r}: it has {', '.join(known[task])}; choose with "
                "metric and guard_metric, or --metric and --guard-metric."
            )
    if not roles["in_domain"]:
        yield (
            f"{table.name}: no suite is in-domain: name it with in_domain or --in-domain, or give the table a column "
            f"role ({', '.join(ROLES)}); its suites are {', '.join(known) or 'none'}."
        )


def _model_problems(table: ScoreTable) -> Iterator[str]:
    models = sorted({row.score.model for row in table.rows})
    if len(models) > 1:
        yield (
            f"{table.name} has scores on {len(models)} base models ({', '.join(models[:_SHOWN])}): give the rows of "
            "one at a time."
        )


def missing_pairs(table: ScoreTable, arms: _Arms, suites: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield which items of a suite a trained model lacks by a metric that another has, with the rows of those."""
    for task, metric in suites:
        has: dict[str, dict[tuple[str, int | None], int]] = defaultdict(dict)
        for arm in arms.compared:
            for seed in arms.seeds(arm):
                for row in arms.runs[arm, seed]:
                    if row.score.suite == task and _is_by(table, row, metric):
                        has[row.score.item].setdefault((arm, seed), row.number)
        scored = {run for found in has.values() for run in found}
        for arm in arms.compared:
            for seed in arms.seeds(arm):
                lacking = [(item, found) for item, found in has.items() if (arm, seed) not in found]
                if not lacking or (arm == arms.base and (arm, seed) not in scored):
                    continue
                yield _missing(table, f"{arm} {seed_text(seed)}", task, lacking, every=len(has))


def _missing(
    table: ScoreTable,
    who: str,
    task: str,
    lacking: Sequence[tuple[str, Mapping[tuple[str, int | None], int]]],
    *,
    every: int,
) -> str:
    if len(lacking) == every:
        return f"{table.name}: {who} has no scores on {task} at all."
    said = [
        f"{item}, which {arm} {seed_text(seed)} has in {table.unit} {number}"
        for item, found in lacking
        for (arm, seed), number in [next(iter(found.items()))]
    ]
    return f"{table.name}: {who} lacks {len(lacking)} items of {task} ({several(said, _SHOWN, '; ')})."
