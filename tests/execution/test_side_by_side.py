"""Cells side by side: the numbers, ids and verdict of one at a time."""

import json

import pytest

from harness.api import compare
from harness.errors import SpecError
from harness.preflight.prepared import Prepared
from harness.spec import load
from helpers.watchers import run


def verdict(done):
    return json.dumps(compare(done.folder).to_json(), sort_keys=True)


def scores(done):
    return {
        path.relative_to(done.folder).parts[1:4]: [
            (each["doc_hash"], each["filtered_resps"]) for each in map(json.loads, path.read_text().splitlines())
        ]
        for path in sorted(done.folder.glob("cells/*/eval/*/samples_*.jsonl"))
    }


def test_two_at_once_give_what_one_at_a_time_gives(tiny_spec, tmp_path):
    spec = tiny_spec
    alone, watched = run(spec, tmp_path / "alone")
    together, also = run(spec, tmp_path / "elsewhere" / "together", workers=2)
    assert sorted(also.cells) == sorted(watched.cells)
    assert len(also.outcomes) == len(watched.outcomes)
    for cell in watched.cells:
        first, second = (each.outcome(cell) for each in (alone, together))
        if first.train_info is not None:
            assert first.train_info.losses == second.train_info.losses
            assert first.train_info.order == second.train_info.order
        assert [first.meta_info.system_info.workers, second.meta_info.system_info.workers] == [1, 2]
    assert scores(alone) == scores(together)
    assert verdict(alone) == verdict(together)


@pytest.mark.parametrize(
    ("workers", "said"), [(2, "2 cells at once share"), ("auto", "as many cells at once as there is room for share")]
)
def test_what_compares_times_runs_alone(tiny_spec, workers, said):
    changed = {"merge": {"latency": True}, "execute": {"workers": workers}}
    tiny_spec.write_text(json.dumps({**json.loads(tiny_spec.read_text()), **changed}))
    with pytest.raises(SpecError, match=rf"{said} the machine, and merge\.latency compares times"):
        load(tiny_spec)


@pytest.mark.parametrize(
    ("device", "devices", "fitting", "places"),
    [("cpu", 1, None, 4), ("cpu", 1, 2, 2), ("cpu", 1, 0, 1), ("cuda", 3, None, 3), ("cuda", 8, None, 4)],
)
def test_there_are_as_many_places_as_memory_or_devices_allow(device, devices, fitting, places):
    prepared = Prepared(
        content=None,
        rows=1,
        items={},
        screening=None,
        device=device,
        threads=1,
        versions={},
        devices=devices,
        fitting=fitting,
    )
    assert prepared.places(4) == places
