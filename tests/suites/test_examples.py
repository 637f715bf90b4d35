"""The examples before an item: the same for all items, drawn with a seed, taken from what is not scored."""

import pytest

from harness.errors import TaskError
from harness.spec.records import EvaluationOptions, Suite
from harness.suites.examples import POOL, SameForAll, set_aside, with_shots
from harness.suites.load import load_task
from harness.suites.scored import scored_places

ASKED = Suite(task="sums", role="guard", metric="acc")

LOADER = """
from datasets import Dataset


def load(count=60, **metadata):
    def rows(start):
        return [
            {"q": f"{n} + 1", "form": "even" if n % 2 == 0 else "odd", "answer": str(n + 1), "source": f"s{n // 2}"}
            for n in range(start, start + count)
        ]

    starts = {"train": 0, "held": 100, "test": 200}
    return {split: Dataset.from_list(rows(start)) for split, start in starts.items()}
"""
YAML = """task: sums
custom_dataset: !function loader.load
output_type: loglikelihood
test_split: test
doc_to_text: "{{q}} ="
doc_to_target: " {{answer}}"
target_delimiter: ""
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""


@pytest.fixture
def task(tmp_path):
    def task(*lines, shots=2):
        folder = tmp_path / "tasks"
        folder.mkdir(exist_ok=True)
        (folder / "loader.py").write_text(LOADER)
        (folder / "sums.yaml").write_text(YAML + "\n".join(lines) + "\n")
        suite = Suite(task="sums", role="guard", metric="acc", num_fewshot=shots)
        return with_shots(load_task("sums", include=[folder]), suite)

    return task


def prompts(task):
    task.build_all_requests(samples=scored_places(task, ASKED, EvaluationOptions()))
    return {request.doc["q"]: request.args[0] for request in task.instances}


def examples_of(task):
    """Return what stands before each item's own prompt."""
    found = {text.removesuffix(f"{question} =") for question, text in prompts(task).items()}
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize(
    ("lines", "lowest"),
    [
        (["training_split: train", "validation_split: held"], 0),
        (["validation_split: held"], 100),
        (["training_split: train", "validation_split: held", "fewshot_split: held"], 100),
        ([], 200),
    ],
)
def test_all_items_have_the_same_examples_from_the_first_split_there_is(task, lines, lowest):
    shown = examples_of(task(*lines)).split("\n\n")[:-1]
    numbers = [int(each.split()[0]) for each in shown]
    assert len(set(numbers)) == 2
    assert all(lowest <= number < lowest + 60 for number in numbers)


def test_five_examples_begin_with_three(task):
    five, three = (examples_of(task("training_split: train", shots=shots)) for shots in (5, 3))
    assert five.startswith(three)


def test_they_are_drawn_and_not_the_first(task):
    first = {examples_of(task("training_split: train", shots=1)), "0 + 1 = 1\n\n"}
    assert len(first) == 2


def test_what_a_task_says_itself_stays(task):
    kept = task("training_split: train", "fewshot_config: {sampler: first_n}")
    assert examples_of(kept) == "0 + 1 = 1\n\n1 + 1 = 2\n\n"
    assert set_aside(kept, whole=True) == []


def test_examples_of_the_scored_split_are_not_scored_nor_what_they_give_away(task):
    alone = task(shots=3)
    shown = {document["source"] for document in set_aside(alone, whole=False)}
    places = scored_places(alone, ASKED, EvaluationOptions())
    sources = {alone.eval_docs[place]["source"] for place in places}
    assert not sources & shown
    assert len(sources) == 30 - len(shown)


def test_all_items_are_scored_where_examples_come_from_elsewhere_or_there_are_none(task):
    assert scored_places(task("training_split: train"), ASKED, EvaluationOptions()) is None
    assert scored_places(task(shots=0), ASKED, EvaluationOptions()) is None


def test_the_sampler_shows_no_item_itself(task):
    sampler = SameForAll(list(task().eval_docs), rnd=3)
    pool = sampler.pool(2)
    assert len(pool) == POOL
    assert sampler.sample(2) == pool[:2]
    assert sampler.sample(2, eval_doc=pool[0]) == pool[1:3]
    assert sampler.set_rnd(4).sample(2) != pool[:2]
    assert len(sampler.sample(40, eval_doc=sampler.pool(40)[0])) == 40


@pytest.mark.parametrize(("lines", "shots"), [([], 60), (["training_split: train"], 61)])
def test_too_few_documents_are_told(task, lines, shots):
    task(*lines, shots=shots - 1)
    with pytest.raises(TaskError, match=f"{shots} examples are asked for and {shots - 1} documents are there"):
        task(*lines, shots=shots)


def test_whole_texts_take_no_examples(tmp_path, task):
    rolling = YAML.replace("output_type: loglikelihood", "output_type: loglikelihood_rolling")
    task()
    (tmp_path / "tasks" / "sums.yaml").write_text(rolling.replace("metric: acc", "metric: bits_per_byte"))
    loaded = load_task("sums", include=[tmp_path / "tasks"])
    with pytest.raises(TaskError, match="scores whole texts"):
        with_shots(loaded, Suite(task="sums", role="guard", metric="bits_per_byte", num_fewshot=1))
