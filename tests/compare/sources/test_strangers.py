"""Logs of other programs are named as what they are, with what to do."""

import json

import pytest

from harness.compare.design import ScoredRun
from harness.compare.sources import read_scored_suite, read_tidy
from harness.compare.sources.strangers import named_as_what_it_is
from harness.errors import ComparisonError

TIME = "2026-01-02T03-04-05.678901"
FILES = {
    "lighteval (its details": (
        f"details/org/model/{TIME}/details_arc_{TIME}.parquet",
        b"PAR1",
    ),
    "lighteval (its results": (f"results/org/model/results_{TIME}.json", {"config_general": {}, "results": {}}),
    "lmms-eval": ("org__model/20260102_030405_samples_mme.jsonl", b"{}\n"),
    "HELM": ("runs/v1/mmlu/per_instance_stats.json", []),
    "lm-eval before 0.4": ("arc_easy_write_out_info.json", []),
    "the means of tasks and no items": (f"model/results_{TIME}.json", {"results": {}, "configs": {"near": {}}}),
}


@pytest.fixture(params=FILES)
def stranger(request, tmp_path):
    """The program's name, and its file in a folder of logs."""
    name, content = FILES[request.param]
    path = tmp_path / "logs of someone" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return request.param, path


def test_a_comparison_names_them(stranger, tmp_path):
    program, path = stranger
    with pytest.raises(ComparisonError) as caught:
        read_scored_suite(ScoredRun(folder=tmp_path), "near", "acc", cluster=None, newest=True)
    assert f"{path.name} is a file of " in str(caught.value)
    assert program in str(caught.value)
    assert "--log_samples" in str(caught.value)


def test_a_table_names_them_given_the_file_itself_too(stranger, tmp_path):
    program, path = stranger
    for given in (tmp_path, path):
        with pytest.raises(ComparisonError, match="is a file of") as caught:
            list(read_tidy(given))
        assert program in str(caught.value)


def test_a_file_in_place_of_a_folder_is_named(stranger):
    program, path = stranger
    with pytest.raises(ComparisonError) as caught:
        read_scored_suite(ScoredRun(folder=path), "near", "acc", cluster=None, newest=True)
    assert program in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe{", b'{"eval": 1, "status": 2}'])
def test_what_is_nobodys_is_left_unnamed(tmp_path, content):
    path = tmp_path / "results_mine.json"
    path.write_bytes(content)
    assert named_as_what_it_is(tmp_path) is None
    assert named_as_what_it_is(tmp_path / "nothing there") is None
