import pytest

from harness.contamination import hits
from harness.errors import TaskError
from harness.suites.documents import is_recall, scored_passages, training_passages, training_rows
from harness.suites.load import load_task
from helpers.sums import YAML


@pytest.fixture
def sums(tiny_spec):
    return load_task("sums", beside=tiny_spec.parent)


def test_rows_and_items_are_rendered_with_their_right_answer_and_told_apart(sums):
    trained, scored = list(training_passages(sums)), list(scored_passages(sums))
    assert (trained[0].id, trained[0].whole) == ("1", "0 + 1 = 1")
    assert (scored[0].id, scored[0].whole, scored[0].suite) == ("1", "100 + 1 = 101", "sums")
    assert (len(trained), len(scored)) == (12, 20)


def test_the_validation_split_is_another_set_of_rows(sums):
    assert list(training_passages(sums, "validation")) == []


def test_a_document_that_cannot_be_rendered_is_named(sums):
    sums.config.doc_to_text = "{{question.missing.field}}"
    with pytest.raises(TaskError, match=r"task sums: .*0 \+ 1.* cannot be rendered"):
        list(training_passages(sums))


def test_facts_before_a_question_are_a_passage_of_their_rows(tmp_path, write):
    write(f"{YAML}metadata:\n  version: 1.0\n  facts: q\n")
    passages = list(training_passages(load_task("sums", include=[tmp_path])))
    assert [(each.id, each.fact) for each in passages[:2]] == [("1", "1 + 1 = 2"), ("1", "1 + 1")]


def test_facts_that_are_declared_and_absent_are_named(tmp_path, write):
    write(f"{YAML}metadata:\n  version: 1.0\n  facts: context\n")
    with pytest.raises(TaskError, match=r"`facts: context`, and .* has no such text"):
        list(training_passages(load_task("sums", include=[tmp_path])))


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


@pytest.mark.network
def test_the_shipped_training_split_gives_no_shipped_item_away():
    rows = list(training_passages(load_task("k8s_qa")))
    suites = ["k8s_qa", "techmanual_qa", "mavlink_qa", "awsapi_qa", "medical_cot", "world_facts"]
    assert list(hits(rows, [item for name in suites for item in scored_passages(load_task(name))])) == []


@pytest.mark.network
def test_training_on_recalled_facts_would_be_seen_and_is_declared():
    recall = load_task("k8s_recall")
    found = hits(training_passages(recall), list(scored_passages(recall)))
    assert {hit.item for hit in found if hit.kind == "exact"} == {document["id"] for document in recall.eval_docs}
    assert is_recall(recall)
    assert not is_recall(load_task("k8s_qa"))
