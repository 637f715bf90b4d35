import pytest

from harness.contamination import hits
from harness.errors import TaskError
from harness.suites.documents import is_recall, scored_passages, training_passages
from harness.suites.load import load_task


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
