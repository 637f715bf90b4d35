"""A search in phases: what is kept, that nothing is done twice, and on stand-ins that what was found is confirmed."""

import hashlib
import json
import time
from collections import Counter

import pytest

import harness
from harness.cli import main
from harness.errors import ComparisonError, HarnessError
from harness.execution import Event, Executor, Exit
from harness.execution.phases import search_in_phases
from harness.execution.run import Options, execute
from harness.execution.schedule import Schedule
from harness.execution.selection import Selection
from harness.ledger import RunFolder
from harness.preflight.prepared import Prepared
from harness.records import CellFailure
from harness.spec import load
from harness.testing.tiny_spec import write_tiny_spec
from helpers.contents import CONTENT
from helpers.records import cell_result, training
from helpers.watchers import Silent


class Made(Executor):
    """Ends every trial at once, with a loss that follows from its recipe and seed; `failing` arms fail."""

    def __init__(self, *, workers=1, failing=()):
        self.workers = workers
        self.failing = failing
        self.ran = Counter()

    def submit(self, unit):
        planned = unit.cell.planned
        cell, recipe = planned.cell, planned.recipe
        self.ran[cell.id] += 1
        if self.workers > 1:
            time.sleep(int(cell.id[-1], 16) / 1000)  # in another order than they began
        if recipe.id in self.failing:
            body = CellFailure(cell=cell, kind="killed", stage="train", message=f"{recipe.id} is gone")
        else:
            steps = unit.cell.experiment.training_of(recipe)["max_steps"]
            body = cell_result(cell, train_info=training(steps=steps, validation_loss=loss_of(recipe, cell.seed)))
        yield Event(unit=unit.id, attempt=1, cell=cell.id, body=body)
        yield Exit(unit.id, 0)


def loss_of(recipe, seed):
    said = json.dumps([recipe.peft, recipe.modules, recipe.layers.fraction, recipe.training["learning_rate"], seed])
    return 1 + int(hashlib.sha256(said.encode()).hexdigest()[:6], 16) / 2**24


class Killed(BaseException):
    """What ends a command in the middle of a search."""


class EndsAfter(Silent):
    """A watcher with which the command dies once so many trials have ended."""

    def __init__(self, count):
        super().__init__()
        self.left = count

    def ended(self, outcome):
        super().ended(outcome)
        self.left -= 1
        if self.left == 0:
            raise Killed


@pytest.fixture
def trials(tmp_path):
    """Return a schedule of the shipped search's trials, in a folder of that name, with an executor made up here."""

    def made(executor, *, folder="run", watcher=None, **options):
        run = RunFolder(tmp_path / folder)
        run.folder.mkdir(parents=True, exist_ok=True)
        run.log.touch()
        prepared = Prepared(content=CONTENT, rows=1, items={}, screening=None, device="cpu", threads=1, versions={})
        return Schedule(
            run=run,
            experiment=load("search"),
            prepared=prepared,
            executor=executor,
            watcher=watcher or Silent(),
            retry=frozenset(),
            kind="trials",
            **options,
        )

    return made


def kept(found):
    """Return what of a search is no time."""
    return found.arm, found.values, found.recipe, found.phases


def test_each_phase_goes_on_with_the_best_of_the_one_before(trials):
    executor = Made()
    found = search_in_phases(trials(executor)).found
    scan, full, push, factorial = found.phases
    assert [len(each.entries) for each in found.phases] == [8, 2, 3, 4]
    assert [len(each.trials) for each in factorial.entries] == [3] * 4
    assert sum(executor.ran.values()) == len(executor.ran) == 8 + 2 + 2 + 12
    best = sorted(scan.entries, key=lambda each: each.loss)[:2]
    assert {each.arm for each in best} == {each.arm for each in full.entries} == {e.arm for e in scan.entries if e.kept}
    winner = min(full.entries, key=lambda each: each.loss)
    assert {each.arm for each in (*push.entries, *factorial.entries)} == {winner.arm}
    for phase in (full, push, factorial):
        (left,) = [each for each in phase.entries if each.kept]
        assert left.loss == min(each.loss for each in phase.entries)
    assert (found.arm, found.values) == (left.arm, left.values)


@pytest.mark.parametrize("after", [1, 8, 9, 11, 17])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_search_that_was_killed_goes_on_and_does_no_trial_twice(trials, after, workers):
    whole = search_in_phases(trials(Made(), folder="whole")).found
    executor = Made(workers=workers)
    with pytest.raises(Killed):
        search_in_phases(trials(executor, folder="killed", watcher=EndsAfter(after)))
    ended = set(trials(executor, folder="killed").run.folder.glob("trials/*/result.json"))
    again = Made()
    found = search_in_phases(trials(again, folder="killed")).found
    assert kept(found) == kept(whole)
    assert not {path.parent.name for path in ended} & again.ran.keys()
    assert len(ended) + len(again.ran) == 24


def test_results_do_not_depend_on_how_many_run_at_once(trials):
    alone, together = (search_in_phases(trials(Made(workers=count), folder=str(count))).found for count in (1, 4))
    assert kept(alone) == kept(together)


def test_a_part_of_a_search_is_no_search_yet(trials):
    found = search_in_phases(trials(Made(), selection=Selection(count=3)))
    assert (found.choices, found.found, len(found.trials)) == (None, None, 8)
    assert found.settled(load("search")) is None


def test_an_arm_that_fails_is_a_record_and_is_out(trials):
    gone = "aletheia--50"
    found = search_in_phases(trials(Made(failing=(gone,)))).found
    (entry,) = [each for each in found.phases[0].entries if each.arm == gone]
    assert (entry.loss, entry.kept) == (None, False)
    assert entry.trials[0].failure == "killed: aletheia--50 is gone"
    assert found.arm != gone


def test_where_every_arm_fails_the_search_says_so_with_each_reason(trials):
    arms = load("search").comparison.candidates
    with pytest.raises(ComparisonError, match="everything in its quick scan failed") as raised:
        search_in_phases(trials(Made(failing=arms)))
    assert all(f"  {arm}: killed: {arm} is gone" in str(raised.value) for arm in arms)


SEARCH = {
    "seed": 7,
    "scan": {"max_steps": 1, "keep": 1},
    "push": [{"learning_rate": {"factors": [0.5]}}],
    "factorial": {"cross": [{"learning_rate": {"factors": [1, 0.1]}}], "seeds": [11, 12]},
}
ARMS = {"slow": {"training": {"learning_rate": 1e-4}}}


def declare(spec_file, search, **fields):
    """Write a search into the tiny spec, whose arms are its LoRA and a slow one."""
    spec = {**json.loads(spec_file.read_text()), **fields}
    spec["search"], spec["validation"] = search, {"share": 0.25}
    spec["factors"] = {"of": "lora--tiny", "levels": {"arm": ARMS}}
    spec["comparison"]["candidates"] = ["lora--tiny", "lora--tiny-arm-slow"]
    spec_file.write_text(json.dumps(spec))
    return spec_file


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_tokenizer_folder):
    """A search that ran on stand-ins and was confirmed: its spec, its run and who watched."""
    folder = tmp_path_factory.mktemp("search")
    spec, watcher = declare(write_tiny_spec(folder, tiny_tokenizer_folder), SEARCH), Silent()
    return spec, execute(load(spec), folder / "runs" / "tiny", watcher, Options()), watcher


def test_what_was_found_is_trained_beside_the_baseline_with_seeds_that_chose_nothing(finished):
    _, run, watcher = finished
    found = run.found
    assert [kind for kind, *_ in watcher.kinds] == ["cells", "trials", "trials", "trials", "trials", "cells"]
    steps = [{one.steps for each in phase.entries for one in each.trials} for phase in found.phases]
    assert steps == [{1}, {2}, {2}, {2}]
    assert Counter(each.cell.recipe for each in run.outcomes) == {"base": 1, "full--default": 2, found.recipe: 2}
    assert {each.cell.seed for each in run.outcomes if each.cell.seed} == {1, 2}
    for phase in found.phases:
        for one in (one for each in phase.entries for one in each.trials):
            assert run.outcome(one.cell, "trials").evaluations == ()  # no item of a suite was scored


def test_the_report_has_phases_confirmation_and_the_cost_in_full_runs(finished):
    _, run, _ = finished
    text = " ".join(harness.report(run.folder).split())
    for said in ("quick scan", "full runs", "pushes", "factorial", "Found: ", "training time, speed-up"):
        assert said in text
    cost = json.loads((run.folder / "search.json").read_text())["cost"]
    assert (cost["trials"], cost["steps"], cost["full_steps"]) == (8, 2 * 1 + 6 * 2, 2)
    assert "as many steps as 7.0" in text
    assert f"unequal search: {run.found.recipe} was found in 8 trials" in text
    verdict = json.loads((run.folder / "verdict.json").read_text())
    assert {each["candidate"] for each in verdict["in_domain"]} == {run.found.recipe}


def test_a_second_start_repeats_nothing(finished):
    spec, run, _ = finished
    before = (run.folder / "spec.lock.json").read_bytes()
    again = Silent()
    execute(load(spec), run.folder, again, Options())
    assert again.cells == []
    assert (run.folder / "spec.lock.json").read_bytes() == before


def test_an_arm_that_cannot_be_built_is_told_before_anything_is_trained(tiny_spec, tmp_path):
    declare(tiny_spec, {**SEARCH, "push": [{"peft.r": {"values": [4096]}}]})
    watcher = Silent()
    with pytest.raises(HarnessError, match="lora--tiny"):
        execute(load(tiny_spec), tmp_path / "runs" / "wide", watcher, Options())
    assert watcher.kinds == []


def test_the_verb_runs_a_spec_with_a_search_and_refuses_one_without(tiny_spec, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["search", str(tiny_spec)]) == 64
    assert "no `search` block" in capsys.readouterr().err
    declare(tiny_spec, {"seed": 7, "scan": {"max_steps": 1, "keep": 1}}, seeds=[])
    assert main(["search", str(tiny_spec), "--dry-run"]) == 0
    assert "3 trials of the search" in " ".join(capsys.readouterr().out.split())
    assert main(["search", str(tiny_spec), "--quiet"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Found: " in said
    assert "no seed but the search's has confirmed it" in said
    assert (tmp_path / "runs" / "tiny" / "report.html").exists()
