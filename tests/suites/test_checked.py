"""What a generated rationale says, held against annotations: cases whose marks are known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.suites.checked import Statement, checked, has_steps, statements

FLU, COLD, MUMPS = "Marsh flu", "Cold, common and mild", "Mumps"
DOC = {
    "choices": [FLU, COLD, MUMPS],
    "answer": 0,
    "findings": ["fever", "high fever", "swelling of cheeks and jaw"],
    "annotated": [["frequent", "very frequent", "occasional"], ["very rare", "", ""], ["frequent", "", "obligate"]],
    "rationale": "Step 1: It is so.",
}
STEPS = ("has_steps", "options_weighed", "statements_true", "conclusion_follows")
REFERENCE = (
    f"Step 1: The findings concern head or neck. Step 2: {COLD} is not linked to high fever. {MUMPS} is not linked to "
    f"high fever. Step 3: In {FLU}, high fever is very frequent; fever is frequent; swelling of cheeks and jaw is "
    f"occasional.\nAnswer: {FLU}"
)
UNTRUE = REFERENCE.replace("linked to high fever", "linked to fever")
SHORT = f"{MUMPS} is not linked to high fever.\nAnswer: {FLU}"
LISTED = f"Step 1: So. Step 2: In {FLU}, fever, high fever and swelling of cheeks and jaw are frequent.\nAnswer: {FLU}"
AGAINST_ITSELF = f"Step 1: {FLU} is not linked to fever. Step 2: In {FLU}, fever is frequent.\nAnswer: {FLU}"


@pytest.mark.parametrize(
    ("generated", "marks"),
    [
        (REFERENCE, (1, 1, 1, 1)),
        (REFERENCE.upper().replace("STEP", "Step").replace("ANSWER", "Answer"), (1, 0, 0, 0)),
        (REFERENCE.replace(f"Answer: {FLU}", f"Answer: {MUMPS}"), (1, 1, 1, 0)),
        (REFERENCE.replace(f"Answer: {FLU}", "Answer:"), (1, 1, 1, 0)),
        (UNTRUE, (1, 1, 3 / 5, 1)),
        (SHORT, (0, 1 / 3, 1, 0)),
        (LISTED, (1, 1 / 3, 1 / 3, 1)),
        (AGAINST_ITSELF, (1, 1 / 3, 1 / 2, 0)),
        (SHORT.replace("high fever", "febrile high fever"), (0, 1 / 3, 0, 0)),
        (SHORT.replace(MUMPS, "Rubella"), (0, 0, 0, 0)),
        (f"It is {FLU}.", (0, 0, 0, 0)),
        ("", (0, 0, 0, 0)),
    ],
)
def test_a_rationale_gets_the_marks_of_what_it_says(generated, marks):
    scores = checked(DOC, [generated])
    assert tuple(scores[name] for name in STEPS) == pytest.approx(marks)
    assert {"rouge_l", "exact_match", "answered"} < set(scores)


def test_names_that_hold_commas_and_each_other_are_told_apart():
    found = statements(REFERENCE, options=DOC["choices"], findings=DOC["findings"])
    assert list(found) == [
        Statement(1, 1, ""),
        Statement(2, 1, ""),
        Statement(0, 1, "very frequent"),
        Statement(0, 0, "frequent"),
        Statement(0, 2, "occasional"),
    ]


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("Step 1: a. Step 2: b.", True),
        ("Step 1: a.\nStep 2: b.\nStep 3: c.", True),
        ("Step 1: a.", False),
        ("Step 2: a. Step 3: b.", False),
        ("Step 1: a. Step 3: b.", False),
        ("Step 1: a. Step 1: b.", False),
        ("Step 1: Step 2:", False),
        ("First a, then b.", False),
    ],
)
def test_steps_are_numbered_from_one_and_each_says_something(text, there):
    assert has_steps(text) is there


def test_letters_that_stand_for_names_are_none_where_they_were_generated():
    text = "\ue000 is not linked to \ue101. \ue0ff is not linked to \ue1ff. In \ue003, \ue103 is frequent."
    assert checked(DOC, [text])["options_weighed"] == 0


PARTS = [*DOC["choices"], *DOC["findings"], "In ", " is not linked to ", " is frequent", ", ", " and ", ". ", "; ", "x"]


@given(st.lists(st.sampled_from([*PARTS, "Step 1: ", "Step 2: ", "\n", "Answer: "])).map("".join))
@settings(deadline=None)
def test_whatever_is_generated_each_mark_is_a_share(generated):
    assert all(0 <= score <= 1 for score in checked(DOC, [generated]).values())
