"""Findings by other names: only names of the same finding, none that gives the answer away, refused where none is."""

import pytest

from harness.contamination import Passage, hits
from harness.errors import TaskError
from harness.questions.builders.medical_cot import ASKED, ENDED
from harness.spec import load
from harness.spec.records import Transform
from harness.suites.documents import scored_passages
from harness.suites.load import load_task
from harness.training.rows import training_rows
from harness.transforms import ORIGIN, synonyms
from harness.transforms.synonyms import Synonyms

NAMES = {
    "microcephaly": ["small head", "tiny skull", "a head; small"],
    "seizure": ["fits", "bruck spells"],
    "pallor": ["bruck paleness"],
}


@pytest.fixture(autouse=True)
def few(request, monkeypatch):
    if "shipped" not in request.node.name:
        monkeypatch.setattr(synonyms, "known", lambda: NAMES)


def case(*findings, answer="Bruck syndrome"):
    return {
        "prompt": f"Some facts.\nQuestion: {ASKED}{'; '.join(findings)}{ENDED}\nAnswer:",
        "completion": f" {answer}",
        "form": "diagnosis",
    }


def copies(rows, share=1.0, seed=0):
    found = Synonyms().apply(rows, Transform(share=share, seed=seed))
    assert found[: len(rows)] == rows
    return found[len(rows) :]


def findings(row):
    return row["prompt"].partition(ASKED)[2].partition(ENDED)[0].split("; ")


def test_every_finding_that_can_be_goes_by_another_name_and_all_else_stays():
    row = case("pallor", "microcephaly", "fever", "seizure")
    (copy,) = copies([row])
    one, two, three, four = findings(copy)
    assert (one, three, four) == ("pallor", "fever", "fits")
    assert two in {"small head", "tiny skull"}
    assert copy == {**row, "prompt": case(one, two, three, four)["prompt"], ORIGIN: copy[ORIGIN]}
    assert copy[ORIGIN] == "synonyms: row 1 with 2 findings by another name"


def test_a_name_may_share_with_the_answer_what_the_finding_shares_with_it():
    assert not Synonyms().can(case("pallor"))
    assert findings(copies([case("pallor", answer="Another syndrome")])[0]) == ["bruck paleness"]
    told = " Bruck syndrome explains pallor"
    assert findings(copies([{**case("seizure"), "completion": told}])[0]) == ["fits"]


def test_a_smaller_share_is_among_a_larger_one_and_a_seed_draws_others():
    rows = [case("microcephaly", "seizure", f"fever {n}", answer=f"Number {n}") for n in range(40)]
    small, large = (copies(rows, share) for share in (0.25, 0.75))
    assert len(small) == 10
    assert large[:10] == small == copies(rows, 0.25)
    assert copies(rows, 0.25, seed=1) != small
    assert {findings(row)[0] for row in large} == {"small head", "tiny skull"}


def test_rows_that_are_no_cases_are_passed_over_and_refused_where_all_are_or_too_many():
    others = [{"prompt": "What does the field replicas do?", "completion": " It counts."}] * 4
    assert len(copies([*others, *[case("seizure")] * 4], share=0.5)) == 4
    with pytest.raises(TaskError, match=r"none of the 4 training rows is a case as `medical_cot` puts it"):
        copies(others)
    with pytest.raises(TaskError, match="is to reword 6 of 8 rows, and 4 are medical cases with a finding that has a"):
        copies([*others, *[case("seizure")] * 4], share=0.75)


def test_cases_without_a_known_synonym_are_refused_with_their_number():
    with pytest.raises(TaskError, match="is to reword 1 of 3 rows, and 0 are medical cases"):
        copies([case("fever")] * 3, share=0.1)


def test_rows_that_a_template_wrote_are_refused():
    with pytest.raises(TaskError, match="synonyms renames findings in texts, and a chat template wrote these rows"):
        copies([{**case("seizure"), "rendered": "messages"}])


def test_every_shipped_case_has_a_copy_that_gives_no_item_away():
    trained = training_rows(load("augmentation"), None)
    found = copies(trained)
    assert len(found) == len(trained)
    assert all(copy["prompt"] not in {row["prompt"] for row in trained} for copy in found)
    by_completion = {(row["cluster"], row["completion"]) for row in trained}
    assert {(copy["cluster"], copy["completion"]) for copy in found} <= by_completion
    known = synonyms.known()
    for copy in found:
        old = findings(trained[int(copy[ORIGIN].split()[2]) - 1])
        new = findings(copy)
        assert [one == other or other in known[one] for one, other in zip(old, new, strict=True)] == [True] * len(old)
    texts = [f"{copy['prompt']} {copy['completion']}" for copy in found]
    items = list(scored_passages(load_task("medical_cot")))
    assert list(hits((Passage(text, text, text) for text in texts), items)) == []
