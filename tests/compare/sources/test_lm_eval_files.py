"""Which file of a folder is a task's, and what its results file says of it."""

import json

import pytest

from harness.compare.design import ScoredRun
from harness.compare.sources.lm_eval import sample_file
from harness.errors import ComparisonError
from helpers.logs import line, write

LATER = "2026-02-03T04-05-06.789012"
LINES = [line(k, 1.0) for k in range(3)]


def found(folder, task="near", *, metric="acc", newest=True):
    return sample_file(ScoredRun(folder=folder), task, metric, newest=newest)


def refused(folder, task="near", *, newest=True):
    with pytest.raises(ComparisonError) as caught:
        found(folder, task, newest=newest)
    return str(caught.value)


def test_a_lone_file_is_taken_with_its_settings_and_nothing_is_remarked(tmp_path):
    path = write(tmp_path, "near", LINES, version=2.0)
    one = found(tmp_path)
    assert (one.path, one.version, one.shots, one.batch_size) == (path, "2.0", 0, "8")
    assert one.higher_is_better is True
    assert one.note is None


def test_the_folder_of_the_model_itself_will_do(tmp_path):
    path = write(tmp_path, "near", LINES)
    assert found(path.parent).path == path


@pytest.mark.parametrize("first", [True, False])
def test_the_newest_by_its_name_is_taken_whichever_was_written_last(tmp_path, first):
    times = [LATER, "2026-01-02T03-04-05.678901"]
    for time in times if first else reversed(times):
        write(tmp_path, "near", LINES, time=time)
    one = found(tmp_path)
    assert LATER in one.path.name
    assert one.note == f"{tmp_path} holds 2 sample files of near; the newest, {one.path.name}, is taken."


def test_a_packed_file_beside_an_older_plain_one_is_the_newest(tmp_path):
    write(tmp_path, "near", LINES)
    later = write(tmp_path, "near", LINES, time=LATER)
    packed = later.rename(later.with_name(f"{later.name}.gz"))
    assert found(tmp_path).path == packed


def test_the_settings_are_those_of_the_file_that_is_taken(tmp_path):
    write(tmp_path, "near", LINES, version=1.0)
    write(tmp_path, "near", LINES, time=LATER, version=3.0)
    assert found(tmp_path).version == "3.0"


def test_several_are_refused_when_all_should_count(tmp_path):
    write(tmp_path, "near", LINES)
    write(tmp_path, "near", LINES, time=LATER)
    message = refused(tmp_path, newest=False)
    assert "holds 2 sample files of near" in message
    assert "remove all but one, or leave out --all" in message


def test_files_of_two_models_are_never_chosen_between(tmp_path):
    write(tmp_path, "near", LINES, model="one")
    write(tmp_path, "near", LINES, model="two", time=LATER)
    assert "in 2 subfolders (one, two): give one folder a seed" in refused(tmp_path)


def test_a_missing_task_is_told_with_those_that_are_there(tmp_path):
    write(tmp_path, "near", LINES)
    write(tmp_path, "near_far", LINES)
    assert "has no samples of far: it holds samples of near, near_far" in refused(tmp_path, "far")


def test_an_empty_folder_is_told_how_samples_come_about(tmp_path):
    assert "it holds no samples_*.jsonl at all. Run lm_eval with --log_samples" in refused(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    assert refused(tmp_path / "gone").startswith(f"{tmp_path / 'gone'} is not a folder")
    file = tmp_path / "file"
    file.write_text("")
    assert "is not a folder" in refused(file)


def test_without_a_results_file_nothing_is_known_of_the_settings(tmp_path):
    write(tmp_path, "near", LINES, results=False)
    one = found(tmp_path)
    assert (one.version, one.shots, one.batch_size, one.higher_is_better) == (None, None, None, None)


def test_the_results_file_of_another_moment_is_not_used(tmp_path):
    write(tmp_path, "near", LINES, results=False)
    write(tmp_path, "far", LINES, time=LATER, version=9.0)
    assert found(tmp_path).version is None


def test_a_half_written_results_file_is_refused(tmp_path):
    path = write(tmp_path, "near", LINES)
    (results,) = path.parent.glob("results_*.json")
    results.write_text(results.read_text()[:-5])
    assert f"{results} is not whole JSON" in refused(tmp_path)


def test_direction_is_looked_up_without_the_filter(tmp_path):
    write(tmp_path, "near", LINES, higher_is_better={"near": {"acc": False}})
    assert found(tmp_path, metric="acc,none").higher_is_better is False
    assert found(tmp_path, metric="other").higher_is_better is None


def test_a_path_that_is_given_is_taken_as_it_is(tmp_path):
    path = write(tmp_path, "near", LINES)
    odd = path.with_name("mine.jsonl")
    odd.write_text(json.dumps(LINES[0]))
    run = ScoredRun(folder=tmp_path, samples={"near": odd})
    assert sample_file(run, "near", "acc", newest=False).path == odd
