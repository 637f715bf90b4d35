"""Several models in one experiment, end to end on stand-ins: each a run of its own, and a report over them."""

import json
import shutil
from collections import Counter
from types import SimpleNamespace

import pytest

import harness
from harness import api, campaigns
from harness.cli import main
from harness.errors import SourceError, StorageError, UsageError
from harness.execution.selection import Selection
from harness.ledger import RunFolder
from harness.plan.costs import CellCost
from helpers.estimates import estimated

pytestmark = pytest.mark.run

_COST = {
    "layers": 1,
    "trainable": 2,
    "tokens": 3,
    "train_seconds": 3.0,
    "evaluate_seconds": 1.0,
    "memory": 7,
    "disk": 0,
}
ESTIMATE = estimated(
    cells=(CellCost(cell="base--0", recipe="base", **_COST), CellCost(cell="a--1", recipe="full--default", **_COST))
)


@pytest.fixture(scope="module")
def spec(tmp_path_factory, tiny_tokenizer_folder):
    """The tiny experiment of two models, the second with another seed and another number of steps."""
    from harness.testing.tiny_spec import write_tiny_spec

    alone = write_tiny_spec(tmp_path_factory.mktemp("models"), tiny_tokenizer_folder)
    said = json.loads(alone.read_text())
    model = said.pop("model")
    second = {"model": {**model, "seed": 1}, "training": {"max_steps": 3}}
    path = alone.parent / "two.json"
    path.write_text(json.dumps({**said, "name": "two", "models": {"first": {"model": model}, "second": second}}))
    return path


@pytest.fixture(scope="module")
def done(spec, tmp_path_factory):
    """A run of both by two commands: six units of ten, then what is left."""
    folder = tmp_path_factory.mktemp("runs") / "two"
    assert main(["run", str(spec), "--out", str(folder), "--quiet", "--next", "6"]) == 0
    assert not (folder / "over_models.json").exists()
    assert [len(list((folder / name).glob("cells/*/result.json"))) for name in ("first", "second")] == [5, 1]
    assert main(["run", str(spec), "--out", str(folder), "--quiet"]) == 0
    return folder


def test_a_part_that_ends_one_model_ends_the_campaign_only_where_the_others_have_ended(spec, done, tmp_path, capsys):
    """`first` has its last unit left, and no more are taken: the second was never looked at, or has ended elsewhere."""
    shutil.copytree(done / "first", tmp_path / "first")
    shutil.rmtree(max((tmp_path / "first" / "cells").glob("lora*")))
    again = ["run", str(spec), "--out", str(tmp_path), "--quiet", "--next", "1"]
    assert main(again) == 0
    assert "is not at its end" in capsys.readouterr().out
    assert not (tmp_path / "over_models.json").exists()
    shutil.copytree(done / "second", tmp_path / "second")
    shutil.rmtree(max((tmp_path / "first" / "cells").glob("lora*")))
    assert main(again) == 0
    assert "Measures over models" in capsys.readouterr().out
    assert (tmp_path / "over_models.json").is_file()


def test_each_model_is_run_once_and_judged_in_its_folder(done):
    found = json.loads((done / "over_models.json").read_text())
    models = [(each["name"], each["judged"], each["ended"], each["otherwise"]) for each in found["models"]]
    assert models == [("first", True, 5, {}), ("second", True, 5, {"training": {"max_steps": 3}})]
    assert {"in_domain", "out_of_domain", "training_time"} <= {each["kind"] for each in found["measures"]}
    assert all(len(each["models"]) == 2 and not each["left_out"] for each in found["measures"])
    for name in ("first", "second"):
        ended = Counter(each["cell"] for each in RunFolder(done / name).journal.events() if each["event"] == "finished")
        assert sorted(ended.values()) == [1] * 5


def test_a_model_among_others_has_the_cells_and_the_verdict_of_a_run_with_one_model(done, spec, tmp_path):
    shutil.copytree(done / "first", tmp_path / "alone")
    (tmp_path / "alone" / "verdict.json").unlink()
    harness.run(spec.parent / "tiny.json", out=tmp_path / "alone")
    again = RunFolder(tmp_path / "alone")
    assert Counter(each["event"] for each in again.journal.events())["began"] == 5  # nothing but what ran there
    assert again.cell_ids == RunFolder(done / "first").cell_ids
    assert (again.folder / "verdict.json").read_bytes() == (done / "first" / "verdict.json").read_bytes()


def test_the_report_and_the_list_take_the_folder_of_all_models(done, capsys):
    assert main(["report", str(done)]) == 0
    said = capsys.readouterr().out
    assert "lora--tiny against full--default: gap on sums, in-domain" in said
    assert "Nothing is pooled over models" in " ".join(said.split())
    assert main(["report", str(done), "--csv", "x.csv"]) == 64
    assert main(["ls", str(done.parent), "--json"]) == 0
    capsys.readouterr()
    assert main(["ls", str(done.parent)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["two/first", "two/second"]


def test_a_measure_that_a_model_lacks_leaves_it_out_by_name_and_a_failure_is_a_record(done, tmp_path):
    folder = tmp_path / "two"
    shutil.copytree(done, folder)
    shutil.rmtree(folder / "second")
    (folder / "second").mkdir()
    (folder / "second" / "not_run.json").write_text('{"kind": "SourceError", "message": "it is gated"}')
    found = campaigns.conclude(folder)
    assert found.has_failures
    assert [each["why"] for each in found.to_json()["models"]] == ["", "it is gated"]
    assert found.measures
    assert all([one.model for one in each.models] == ["first"] for each in found.measures)
    assert all(each.left_out == {"second": "it is gated"} for each in found.measures)


def test_a_run_that_is_under_way_is_not_judged(done, tmp_path):
    folder = tmp_path / "two"
    shutil.copytree(done, folder)
    cell = next(each for each in RunFolder(folder / "second").cell_ids if each.startswith("lora"))
    shutil.rmtree(folder / "second" / "cells" / cell)
    events = len(RunFolder(folder / "second").journal.events())
    found = campaigns.conclude(folder)
    assert not found.has_failures
    assert found.outcomes[1].judged.why == "1 of 5 cells have not run yet"
    assert len(RunFolder(folder / "second").journal.events()) == events


@pytest.fixture
def asked(monkeypatch):
    """What `harness.api.run` is asked for, in its place: a model that is in `errors` cannot be run."""
    found = SimpleNamespace(calls=[], errors={}, ran=2)

    def run(experiment, *, out, cells, units, **_options):
        found.calls.append((out.name, tuple(cells), units))
        if out.name in found.errors:
            raise found.errors[out.name]
        part = Selection(cells=tuple(cells), count=units, ran=["x"] * min(found.ran, units or found.ran))
        return SimpleNamespace(folder=out, part=part if cells or units else None)

    monkeypatch.setattr(api, "run", run)
    return found


def test_units_are_taken_of_the_models_in_their_order(spec, asked, tmp_path):
    campaign = campaigns.load(spec)
    campaigns.run(campaign, out=tmp_path, units=3)
    assert asked.calls == [("first", (), 3), ("second", (), 1)]
    asked.calls.clear()
    campaigns.run(campaign, out=tmp_path, units=2)
    assert asked.calls == [("first", (), 2)]


def test_cells_are_named_with_their_model(spec, asked, tmp_path):
    campaigns.run(campaigns.load(spec), out=tmp_path, cells=["second/a--1", "second/b--1"])
    campaigns.run(campaigns.load(spec, only=["first"]), out=tmp_path, cells=["c--1"])
    assert asked.calls == [("second", ("a--1", "b--1"), None), ("first", ("c--1",), None)]
    with pytest.raises(UsageError, match=r"sconed/a: did you mean second/a\?\n  c--1\n") as told:
        campaigns.run(campaigns.load(spec), out=tmp_path, cells=["sconed/a", "c--1"])
    assert "the models are first, second" in str(told.value)


def test_a_model_that_cannot_be_run_is_noted_and_the_others_are_run(spec, asked, tmp_path):
    asked.errors["first"] = SourceError("it is gated.\nMore of it.")
    found = campaigns.run(campaigns.load(spec), out=tmp_path)
    assert (list(found.runs), list(found.errors)) == (["second"], ["first"])
    assert campaigns.conclude(tmp_path).outcomes[0].judged.why == "it is gated."
    asked.errors["second"] = SourceError("nor is this")
    with pytest.raises(SourceError, match="it is gated"):
        campaigns.run(campaigns.load(spec), out=tmp_path)
    asked.errors["first"] = StorageError("no_space", "the disk is full")
    with pytest.raises(StorageError):
        campaigns.run(campaigns.load(spec), out=tmp_path)
    asked.errors.clear()
    campaigns.run(campaigns.load(spec), out=tmp_path)
    assert not list(tmp_path.glob("*/not_run.json"))
    assert [each.judged.why for each in campaigns.conclude(tmp_path).outcomes] == ["not run yet"] * 2


def test_a_folder_with_a_run_of_one_model_is_refused(done, spec):
    with pytest.raises(UsageError, match="holds a run of one model"):
        campaigns.run(campaigns.load(spec), out=done / "first")
    with pytest.raises(UsageError, match="is of one model"):
        campaigns.load(spec.parent / "tiny.json")


def test_a_plan_says_of_which_models_times_were_not_measured_at_their_shape(spec, monkeypatch, capsys):
    known = {0: estimated(cells=ESTIMATE.cells, busy=True), 1: estimated(cells=ESTIMATE.cells, scaled=True)}
    monkeypatch.setattr(api, "plan", lambda experiment, **_options: known[experiment.model.seed])
    assert main(["plan", str(spec)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "scaled by counted operations: second" in said
    assert "kept busy, too long: first" in said


def test_a_plan_is_of_each_model_and_names_units_as_a_run_takes_them(spec, monkeypatch, capsys):
    def planned(experiment, **_options):
        if experiment.model.seed == 1:
            raise SourceError("it is gated.\nMore of it.")
        return ESTIMATE

    monkeypatch.setattr(api, "plan", planned)
    assert main(["plan", str(spec)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "2 models, each a run of its own" in said
    assert "second: not planned: it is gated." in said
    assert main(["plan", str(spec), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in found["models"]["first"]["launch"]["units"]] == ["first/base--0", "first/a--1"]
    assert found["models"]["first"]["launch"]["units"][1]["after"] == ["first/base--0"]
    assert list(found["not_planned"]) == ["second"]
    assert "scaled" not in said
    assert "busy" not in said
    assert main(["plan", str(spec), "--within", "2h"]) == 64
    assert "--only" in capsys.readouterr().err
