"""A locked experiment reads as it was: of every shipped spec, and with its files elsewhere."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.codec import encode
from harness.declarations.places import json_files
from harness.declarations.trust import trust_for_now
from harness.errors import SpecError
from harness.spec import Campaign, load, load_any, load_recipe, unlock
from harness.spec.existing import ExistingArm, Weights
from harness.spec.locked import comparable, reread, written
from harness.spec.records import Experiment
from helpers.shipped import overrides

FOUND = {path.stem: load_any(path.stem, overrides=overrides(path.stem)) for path in json_files("specs")}
EXPERIMENTS = {name: each for name, each in FOUND.items() if isinstance(each, Experiment)}
EXPERIMENTS |= {
    each.name: each for found in FOUND.values() if isinstance(found, Campaign) for each in found.experiments.values()
}


def told(experiment):
    """Return all of an experiment but where it was read, and its search, which has been made."""
    return {
        key: value
        for key, value in encode(replace(experiment, tune=None, search=None)).items()
        if key not in {"file", "include", "overrides"}
    }


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_shipped_spec_is_read_from_its_lock_as_it_was(name, tmp_path):
    experiment = unlock(encode(EXPERIMENTS[name]))
    if experiment.searches_alone:
        pytest.skip("a search alone is made again by its spec")
    again = reread(experiment, tmp_path / "spec.lock.json", workers=None)
    assert told(again) == told(experiment)
    assert comparable(again) == comparable(experiment)


def test_every_shipped_recipe_is_written_as_it_can_be_read(tiny_spec, tmp_path):
    recipes = [path.stem for path in json_files("adapters")]
    experiment = load(tiny_spec)
    for each in recipes:
        recipe = load_recipe(each, beside=tmp_path)
        files = written(replace(experiment, recipes=(recipe,)))
        for path, said in files.recipes.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(json.dumps(said))
        (path,) = files.spec["recipes"]
        assert load_recipe(f"./{path}", beside=tmp_path) == recipe


def test_arms_are_found_by_name_elsewhere(tiny_spec, tmp_path):
    for place in ("there", "here"):
        (tmp_path / place / "a1").mkdir(parents=True)
    kept = Weights(path=str(tmp_path / "there" / "a1"), seed=1), Weights(id="org/a", revision="abc1")
    experiment = replace(load(tiny_spec), arms=(ExistingArm(name="theirs", kind="adapter", weights=kept),))
    again = reread(experiment, tmp_path / "spec.lock.json", workers=None)
    assert again.arms == experiment.arms
    shutil.rmtree(tmp_path / "there")
    moved = reread(experiment, tmp_path / "spec.lock.json", include=[tmp_path / "here"], workers=None)
    assert moved.arms[0].weights == (replace(kept[0], path=str(tmp_path / "here" / "a1")), kept[1])
    assert comparable(moved) == comparable(experiment)


@pytest.fixture
def moved(tiny_spec, tmp_path, monkeypatch):
    """The tiny spec as it was resolved elsewhere; its folder lies somewhere else now, and so does who reads it."""
    experiment = load(tiny_spec)
    here = tmp_path / "here"
    tokenizer = here / "of-another" / "tokenizer"
    shutil.copytree(str(experiment.model.tokenizer), tokenizer)
    shutil.copytree(tiny_spec.parent / "tasks", here / "of-another" / "tasks")
    trust_for_now([here])
    monkeypatch.chdir(here)
    model = replace(experiment.model, tokenizer="/no/where/of-another/tokenizer")
    return replace(experiment, model=model, file=Path("/no/where/tiny.json"), include=(Path("/no/where/more"),)), here


def test_files_and_tasks_are_found_by_name_elsewhere(moved):
    experiment, here = moved
    again = reread(experiment, here / "spec.lock.json", include=[here / "of-another"], workers=2, device="cpu")
    assert again.execute.workers == 2
    assert Path(again.model.tokenizer).is_relative_to(here)
    assert comparable(again) == comparable(experiment)


def test_everything_that_is_not_found_is_named_at_once(moved):
    experiment, here = moved
    shutil.rmtree(here / "of-another")
    with pytest.raises(SpecError) as refused:
        reread(experiment, here / "spec.lock.json", workers=None)
    assert "tokenizer" in str(refused.value)
    assert "--include-path" in str(refused.value)


def test_a_strangers_lock_is_checked_as_a_spec_is(moved):
    experiment, here = moved
    evil = replace(experiment.recipes[0], method="../../../x")
    with pytest.raises(SpecError, match="names no recipe"):
        reread(replace(experiment, recipes=(evil,)), here / "spec.lock.json", workers=None)
    package = {"source": "pypi", "package": "--report=x", "version": "1", "member": "m", "sha256": "0" * 64}
    model = type(experiment.model)(**package)
    with pytest.raises(SpecError, match=r"spec\.lock\.json.*package") as refused:
        reread(replace(experiment, model=model), here / "spec.lock.json", include=[here / "of-another"], workers=None)
    assert "harness-locked-" not in str(refused.value)
