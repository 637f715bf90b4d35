"""A part of a run: the next units, or named ones with what they wait for; what is wrong is said."""

import json
from types import SimpleNamespace

import pytest

from harness.errors import UsageError
from harness.execution.run import Options, execute
from harness.execution.selection import Selection, check_known
from harness.ledger import RunFolder
from harness.plan.cells import plan_cells
from harness.records import Cell, CellFailure
from harness.spec import Overrides, load
from helpers.watchers import Silent


def part(spec, folder, overrides=None, **selection):
    """Run a part of the spec; return what came of it and what its watcher heard."""
    watcher, selected = Silent(), Selection(**selection)
    execute(load(spec, overrides=overrides or Overrides()), folder, watcher, Options(selection=selected))
    return selected, watcher


def planned(name):
    return SimpleNamespace(cell=SimpleNamespace(id=name))


def test_named_units_come_with_what_they_wait_for_in_their_order():
    before = {"c": ["b"], "b": ["a"], "d": ["a"]}
    found = Selection(cells=("c", "elsewhere")).among(
        [*map(planned, "abcd")], lambda each: before.get(each.cell.id, ())
    )
    assert [each.cell.id for each in found] == ["a", "b", "c"]


def test_what_failed_here_is_noted():
    found = Selection(count=1)
    found.begin()
    found.end(CellFailure(cell=Cell(id="a", recipe="r", seed=1), kind="task", stage="load", message=""))
    assert (found.is_used_up, found.ran, found.failed) == (True, ["a"], ["a"])


def test_ids_that_there_are_not_are_all_named_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        check_known(["lora--x--s2--abd", "zz", "base--0"], ["base--0", "lora--x--s2--abc"], search_is_open=True)
    said = str(caught.value)
    assert "lora--x--s2--abd: did you mean lora--x--s2--abc?" in said
    assert "\n  zz\n" in said
    assert "no ids before it has ended" in said
    check_known(["base--0"], ["base--0"])


def test_one_unit_at_a_time_comes_to_the_same_run(tiny_spec, tmp_path):
    folder = tmp_path / "runs" / "parts"
    found = [part(tiny_spec, folder, count=2)[0] for _ in range(3)]
    assert [len(each.ran) for each in found] == [2, 2, 1]
    assert [each.whole for each in found] == [False, False, True]
    assert [name for each in found for name in each.ran] == list(RunFolder(folder).cell_ids)
    again, watcher = part(tiny_spec, folder, count=1)
    assert (again.ran, again.whole, watcher.cells) == ([], True, [])


def test_named_cells_alone_are_run_with_the_base(tiny_spec, tmp_path):
    folder = tmp_path / "runs" / "parts"
    part(tiny_spec, folder, count=1)
    _, *trained = RunFolder(folder).cell_ids
    found, _ = part(tiny_spec, folder, cells=(trained[2],))
    assert (found.ran, found.left, found.whole) == ([trained[2]], [], False)
    with pytest.raises(UsageError, match=f"{trained[2]}x: did you mean {trained[2]}"):
        part(tiny_spec, folder, cells=(f"{trained[2]}x",))


def test_a_part_of_another_spec_is_refused_and_the_whole_of_it_is_not(tiny_spec, tmp_path):
    folder = tmp_path / "runs" / "parts"
    part(tiny_spec, folder, count=1)
    with pytest.raises(UsageError, match=r"begun as another run[\s\S]*seeds: \[1, 2\] there, \[1\] here"):
        part(tiny_spec, folder, Overrides(seeds=(1,)), count=1)
    whole, _ = part(tiny_spec, folder, Overrides(seeds=(1,)))
    assert whole.whole


def test_of_a_search_trials_come_first_and_then_what_they_choose(tiny_spec, tmp_path):
    spec = json.loads(tiny_spec.read_text())
    spec["tune"] = {"recipes": ["lora--tiny"], "seed": 9, "search": {"learning_rate": {"values": [0.01, 0.02]}}}
    spec["validation"] = {"share": 0.25}
    tiny_spec.write_text(json.dumps({**spec, "seeds": [1]}))
    folder = tmp_path / "runs" / "searched"
    first, _ = part(tiny_spec, folder, count=2)
    base, trial = first.ran
    assert (base.partition("--")[0], "--trial--" in trial) == ("base", True)
    with pytest.raises(UsageError, match="no ids before it has ended"):
        part(tiny_spec, folder, cells=("lora--tiny--s1--0",))
    rest, _ = part(tiny_spec, folder, count=9)
    assert rest.whole
    assert len(rest.ran) == 1 + 2
    assert not set(rest.ran) & set(first.ran)


def test_ids_are_those_of_the_plan(tiny_spec, tmp_path):
    from harness.preflight.content import content_at_hand
    from harness.preflight.unknown import Unknown

    folder = tmp_path / "runs" / "parts"
    part(tiny_spec, folder, count=1)
    experiment = load(tiny_spec)
    at_hand = plan_cells(experiment, content_at_hand(experiment, Unknown()))
    assert tuple(each.cell.id for each in at_hand) == RunFolder(folder).cell_ids
