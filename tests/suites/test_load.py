"""Tasks are found by name, and what is wrong with one is said with its file."""

import logging

import pytest

from harness.errors import SourceError, TaskError
from harness.suites.documents import training_rows
from harness.suites.load import declared_tasks, load_task

LOADER = """
from datasets import Dataset

ROWS = [{"q": "1 + 1", "choices": ["1", "2"], "answer": 1, "text": "two"}] * 2


def load(**metadata):
    return {"train": Dataset.from_list(ROWS), "test": Dataset.from_list(ROWS), "none": Dataset.from_list(ROWS[:0])}


def broken(**metadata):
    raise KeyError("no such column")


def mislabelled(**metadata):
    return load() | {"train": Dataset.from_list([ROWS[0] | {"answer": 7}])}


def away(**metadata):
    raise ConnectionError("no route\\nand much more")


def unreachable(**metadata):
    raise SOURCE_ERROR("wheel==1.0 is not in the cache")
""".replace("SOURCE_ERROR", "__import__('harness.errors').errors.SourceError")

YAML = """task: sums
custom_dataset: !function loader.load
output_type: multiple_choice
training_split: train
test_split: test
doc_to_text: "{{q}} ="
doc_to_choice: choices
doc_to_target: answer
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="sums", folder=tmp_path / "tasks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "loader.py").write_text(LOADER)
        path = folder / name / f"{name}.yaml"
        path.write_text(text)
        return path

    return write


def test_a_task_is_found_in_a_folder_or_one_below(tmp_path, write):
    write(YAML)
    assert load_task("sums", include=[tmp_path]).task_name == "sums"
    assert load_task("sums", include=[tmp_path / "tasks" / "sums"]).task_name == "sums"


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
    assert declared_tasks([tmp_path / "tasks"]) == {"sums": path}


def test_training_rows_are_rendered_as_the_task_is_scored(tmp_path, write):
    write(YAML + 'description: "Add.\\n"\n')
    assert training_rows(load_task("sums", include=[tmp_path])) == [{"prompt": "Add.\n1 + 1 =", "completion": " 2"}] * 2


def test_a_training_row_is_the_right_answers_request(tmp_path, write):
    write(YAML.replace("test_split: test", "test_split: train"))
    task = load_task("sums", include=[tmp_path])
    task.build_all_requests()
    scored = task.instances[1].args
    row = training_rows(task)[0]
    assert (row["prompt"], row["completion"]) == scored


def test_a_generated_answer_is_trained_as_text(tmp_path, write):
    text = YAML.replace("output_type: multiple_choice", "output_type: generate_until").replace(
        "doc_to_choice: choices\ndoc_to_target: answer", "doc_to_target: text"
    )
    write(text.replace("metric: acc,", "metric: exact_match,"))
    assert training_rows(load_task("sums", include=[tmp_path]))[0] == {"prompt": "1 + 1 =", "completion": " two"}


def test_the_chat_template_wraps_the_prompt_and_drops_the_delimiter(tmp_path, write):
    write(YAML)

    def template(messages, *, add_generation_prompt):
        assert add_generation_prompt
        return "".join(f"<{message['role']}>{message['content']}" for message in messages) + "<assistant>"

    row = training_rows(load_task("sums", include=[tmp_path]), chat_template=template)[0]
    assert row == {"prompt": "<user>1 + 1 =<assistant>", "completion": "2"}


def test_an_absent_training_split_is_an_error(tmp_path, write):
    write(YAML.replace("training_split: train\n", ""))
    with pytest.raises(TaskError, match="sums has no training split"):
        training_rows(load_task("sums", include=[tmp_path]))


def test_an_empty_training_split_is_an_error(tmp_path, write):
    write(YAML.replace("training_split: train", "training_split: none"))
    with pytest.raises(TaskError, match="its training split 'none' is empty"):
        training_rows(load_task("sums", include=[tmp_path]))


def test_a_training_split_that_the_loader_does_not_return_is_an_error(tmp_path, write):
    write(YAML.replace("training_split: train", "training_split: trian"))
    with pytest.raises(TaskError, match="trian"):
        training_rows(load_task("sums", include=[tmp_path]))


def test_an_answer_index_outside_the_choices_is_an_error(tmp_path, write):
    write(YAML.replace("loader.load", "loader.mislabelled"))
    with pytest.raises(TaskError, match="right answer's index 7 is not among"):
        training_rows(load_task("sums", include=[tmp_path]))


def test_nothing_is_printed(tmp_path, write, capfd):
    write(YAML)
    load_task("sums", include=[tmp_path])
    assert capfd.readouterr() == ("", "")
    assert any(isinstance(each, logging.NullHandler) for each in logging.getLogger("lm_eval").handlers)
