"""Tasks are found by name, and what is wrong with one is said with its file."""

import logging

import pytest

from harness.declarations.tasks import find_task
from harness.errors import SourceError, TaskError
from harness.suites.load import built_once, load_task
from helpers.sums import YAML


def test_a_task_is_found_in_a_folder_or_one_below(tmp_path, write):
    write(YAML)
    assert load_task("sums", include=[tmp_path]).task_name == "sums"
    assert load_task("sums", include=[tmp_path / "tasks" / "sums"]).task_name == "sums"


def test_a_task_is_built_anew_each_time_but_once_where_that_is_asked(tmp_path, write):
    write(YAML)
    with built_once():
        first = load_task("sums", include=[tmp_path])
        with built_once():
            assert load_task("sums", include=[tmp_path]) is first
        assert load_task("sums", include=[tmp_path]) is first
        assert load_task("sums", beside=tmp_path) is not first
    assert load_task("sums", include=[tmp_path]) is not load_task("sums", include=[tmp_path])


def test_the_spec_hides_an_include_path(tmp_path, write):
    near = write(YAML, folder=tmp_path / "near")
    write(YAML, folder=tmp_path / "far")
    assert load_task("sums", beside=near.parents[1], include=[tmp_path / "far"]).config.metadata[
        "config_source"
    ] == str(near)


def test_a_task_of_lm_evals_own_is_found_last(tmp_path):
    with pytest.raises(TaskError, match=r"no task is called 'arc_eesy' \(did you mean .*arc_easy"):
        load_task("arc_eesy", include=[tmp_path])


def test_a_misspelt_name_gets_the_nearest_of_ours(tmp_path, write):
    write(YAML, name="kubernetes_sums")
    (tmp_path / "tasks" / "kubernetes_sums" / "kubernetes_sums.yaml").write_text(
        YAML.replace("sums", "kubernetes_sums", 1)
    )
    with pytest.raises(TaskError, match="did you mean kubernetes_sums"):
        load_task("kubernets_sums", include=[tmp_path])


def test_unknown_fields_are_all_named_with_their_file_and_the_nearest(tmp_path, write):
    path = write(YAML.replace("doc_to_text", "doc_to_txt").replace("test_split", "testing"))
    with pytest.raises(TaskError) as caught:
        load_task("sums", include=[tmp_path])
    assert str(path) in str(caught.value)
    assert "'doc_to_txt' (did you mean doc_to_text" in str(caught.value)
    assert "'testing'" in str(caught.value)


def test_an_unknown_field_of_an_included_file_is_named_there(tmp_path, write):
    write("include: base.yaml\ntask: sums\n")
    base = tmp_path / "tasks" / "sums" / "base.yaml"
    base.write_text(YAML.replace("task: sums\n", "").replace("test_split", "test_splt"))
    with pytest.raises(TaskError, match=rf"{base}: .*'test_splt' \(did you mean test_split"):
        load_task("sums", include=[tmp_path])


def test_what_is_no_yaml_is_named_with_its_file(tmp_path, write):
    path = write("task: [unclosed")
    with pytest.raises(TaskError, match=f"{path}: cannot be read as YAML: .*line 1"):
        load_task("sums", include=[tmp_path])


def test_a_raising_loader_is_named_with_its_line(tmp_path, write):
    path = write(YAML.replace("loader.load", "loader.broken"))
    with pytest.raises(TaskError, match=rf"{path}: .*KeyError: 'no such column' \(loader.py, line 12\)"):
        load_task("sums", include=[tmp_path])


def test_a_loader_that_cannot_reach_its_source_keeps_its_own_error(tmp_path, write):
    write(YAML.replace("loader.load", "loader.unreachable"))
    with pytest.raises(SourceError, match=r"wheel==1\.0 is not in the cache"):
        load_task("sums", include=[tmp_path])


@pytest.mark.parametrize(
    ("split", "said"),
    [("none", "its split 'none' is empty"), ("tset", "its data has no such split as `test_split: tset`")],
)
def test_a_split_that_is_empty_or_absent_is_named(tmp_path, write, split, said):
    path = write(YAML.replace("test_split: test", f"test_split: {split}"))
    with pytest.raises(TaskError, match=f"{path}: task sums cannot be loaded: {said}"):
        load_task("sums", include=[tmp_path])


def test_data_that_cannot_be_reached_is_no_mistake_of_the_task(tmp_path, write):
    write(YAML.replace("loader.load", "loader.away"))
    with pytest.raises(SourceError, match=r"the data of task sums cannot be reached .*--only") as told:
        load_task("sums", include=[tmp_path])
    assert "\n" not in str(told.value)


def test_a_function_that_the_loader_lacks_is_named(tmp_path, write):
    write(YAML.replace("loader.load", "loader.laod"))
    with pytest.raises(TaskError, match="has no function 'laod'"):
        load_task("sums", include=[tmp_path])


def test_a_group_is_refused_with_its_members(tmp_path, write):
    write(YAML)
    (tmp_path / "tasks" / "sums" / "all.yaml").write_text("group: all_sums\ntask: [sums]\n")
    with pytest.raises(TaskError, match=r"all_sums is a group .* suites of their own: sums"):
        load_task("all_sums", include=[tmp_path])


def test_declared_tasks_runs_no_code(tmp_path, write):
    path = write(YAML.replace("loader.load", "nowhere.load"))
    assert find_task("sums", beside=tmp_path).path == path


def test_nothing_is_printed(tmp_path, write, capfd):
    write(YAML)
    load_task("sums", include=[tmp_path])
    assert capfd.readouterr() == ("", "")
    assert any(isinstance(each, logging.NullHandler) for each in logging.getLogger("lm_eval").handlers)
