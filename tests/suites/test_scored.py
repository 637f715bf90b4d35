"""A limit's items: drawn over forms and clusters by a seed, the same with and without examples; or the first."""

from collections import Counter

import pytest

from harness.errors import TaskError
from harness.spec.records import EvaluationOptions, Suite
from harness.suites.examples import set_aside, with_shots
from harness.suites.load import load_task
from harness.suites.scored import scored_places, split_for_now

LOADER = """
from datasets import Dataset


def load(**metadata):
    kinds = ["name"] * 120 + ["type"] * 60 + ["default"] * 20
    rows = [
        {"q": f"{n}?", "answer": str(n), "form": form, "page": f"p{n // 4}", "source": f"s{n}"}
        for n, form in enumerate(kinds)
    ]
    bare = [{"q": f"{n}", "answer": "1"} for n in range(50)]
    return {"test": Dataset.from_list(rows), "bare": Dataset.from_list(bare)}
"""
YAML = """task: asked
custom_dataset: !function loader.load
output_type: loglikelihood
test_split: test
doc_to_text: "{{q}} ="
doc_to_target: " {{answer}}"
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""


@pytest.fixture
def places(tmp_path):
    def places(limit=None, *, shots=0, part=None, split="test", own_limit=None, **options):
        (tmp_path / "loader.py").write_text(LOADER)
        (tmp_path / "asked.yaml").write_text(YAML.replace("test_split: test", f"test_split: {split}"))
        suite = Suite(task="asked", role="guard", metric="acc", num_fewshot=shots, limit=own_limit, cluster="page")
        places.task = with_shots(load_task("asked", include=[tmp_path]), suite)
        return scored_places(places.task, suite, EvaluationOptions(limit=limit, **options), part=part)

    return places


def test_a_limit_takes_of_each_form_its_share(places):
    taken = places(50)
    forms = Counter(places.task.eval_docs[place]["form"] for place in taken)
    # 32 of the 200 are kept clear for examples, drawn in proportion too.
    assert forms["name"] in (29, 30, 31)
    assert forms["type"] in (14, 15, 16)
    assert forms["default"] in (4, 5, 6)
    pages = Counter(places.task.eval_docs[place]["page"] for place in taken)
    assert max(pages.values()) <= 2


def test_one_seed_draws_the_same_and_another_seed_does_not(places):
    assert places(50) == places(50) == places(50, limit_seed=0)
    assert places(50) != places(50, limit_seed=1)


def test_the_suites_own_limit_goes_first(places):
    assert places(50, own_limit=20) == places(20)


@pytest.mark.parametrize("shots", [1, 5, 20])
def test_examples_change_no_draw(places, shots):
    assert places(50, shots=shots) == places(50)


def test_examples_are_never_scored(places):
    for limit in (None, 50, 190):
        taken = places(limit, shots=5)
        shown = {document["q"] for document in set_aside(places.task, whole=False)}
        assert len(shown) == 5
        assert not shown & {places.task.eval_docs[place]["q"] for place in taken}
        assert len(taken) == min(limit or 200, 195)


def test_the_first_items_on_request(places):
    assert places(7, limit_order="first") == list(range(7))


def test_all_items_are_all_items(places):
    assert places() is None
    assert places(200) is None


def test_a_part_is_drawn_from_what_is_scored(places):
    assert set(places(50, part=10)) < set(places(50))
    assert len(places(50, part=10)) == 10
    assert places(8, part=10) == places(8)
    assert places(part=200) is None


def test_other_peoples_tasks_without_such_columns_are_drawn_plainly(places):
    taken = places(10, split="bare")
    assert len(set(taken)) == 10
    assert taken != list(range(10))


def test_a_search_scores_the_validation_split_and_leaves_the_task_as_it_was(places):
    places()
    task = places.task
    with pytest.raises(TaskError, match="asked has no validation split"), split_for_now(task, "validation"):
        pass
    task.set_config(key="validation_split", value="bare")
    with split_for_now(task, "validation"):
        assert len(task.eval_docs) == 50
    assert len(task.eval_docs) == 200
