import pytest

from harness.suites.lm_tasks import load_task
from harness.suites.screening import screen

pytestmark = pytest.mark.network


def test_the_shipped_training_split_gives_no_shipped_item_away():
    training = load_task("k8s_qa")
    assert list(screen(training, [training, load_task("techmanual_qa"), load_task("world_facts")])) == []


def test_training_on_the_recalled_facts_is_seen_unless_declared():
    recall = load_task("k8s_recall")
    assert list(screen(recall, [recall])) == []
    recall.config.metadata = {}
    given_away = {hit.item for hit in screen(recall, [recall]) if hit.kind == "exact"}
    assert given_away == {document["id"] for document in recall.eval_docs}
