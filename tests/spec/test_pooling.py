"""A spec that asks for a pooled variance between seeds is refused with the reason; a run that had it is read."""

import json

from harness.compare.design_of_run import design_of
from harness.spec import load
from helpers.runs import scored_run


def test_it_is_refused_with_what_it_is_worth(spec, write, problems):
    spec["comparison"]["pool_seed_variance"] = True
    ((path, line, message, remedy),) = problems(load, write(spec))
    assert path == "$.comparison.pool_seed_variance"
    assert line is not None
    assert ".057 to .068 at a stated .05" in message
    assert "Leave it out" in remedy


def test_not_asking_for_it_is_no_mistake(spec, write):
    spec["comparison"]["pool_seed_variance"] = False
    assert not load(write(spec)).comparison.pool_seed_variance


def test_a_run_of_an_earlier_version_is_read_and_the_verdict_says_so(tmp_path, tiny_spec):
    run = scored_run(tmp_path / "run", tiny_spec)
    lock = run.folder / "spec.lock.json"
    content = json.loads(lock.read_text())
    content["experiment"]["comparison"]["pool_seed_variance"] = True
    del content["experiment"]["comparison"]["require_gain"]
    lock.write_text(json.dumps(content))
    notes = design_of(type(run)(run.folder)).notes
    assert any("pool_seed_variance" in note and "errs too often" in note for note in notes)
