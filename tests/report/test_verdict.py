"""Verdicts as text: what a reader must find there."""

from harness.report.documents import verdicts_document
from harness.report.render.text import TextRenderer
from harness.verdict import judge_scores
from helpers.stand_ins import design, scores


def unfolded(found):
    """Prose in one line, whatever its width."""
    return " ".join(found.split())


def text(one, gaps, *, details=False, **data):
    return unfolded(
        TextRenderer().render(verdicts_document(judge_scores(one, scores(one, gaps, **data)), details=details))
    )


def test_it_says_which_side_a_positive_gap_favours_and_the_level():
    found = text(design(), (0.1, 0.1))
    assert "positive: full is better" in found
    assert "95% intervals over new seeds and new items" in found


def test_accuracies_are_written_in_points():
    found = text(design(), (0.1, 0.1))
    assert "Gap to full in points" in found
    assert "lora, in_domain_0 → out_of_domain_1: PERSISTS" in found


def test_the_share_that_is_left_is_shown_only_beside_a_gap():
    assert "as a share of the in-domain gap" in text(design(), (0.1, 0.1))
    assert "as a share of the in-domain gap" not in text(design(), (0.0, 0.1))


def test_an_inconclusive_verdict_says_what_it_would_take():
    found = text(design(3), (0.05, 0.05), noise=0.5, seed_sd=0.02)
    assert "INCONCLUSIVE" in found
    assert "What it would take: " in " ".join(found.split())


def test_details_list_every_condition():
    found = text(design(), (0.1, 0.1), details=True)
    assert "full is better than lora on out_of_domain_1" in found
    assert "not shown" in found


def test_failures_are_told_with_their_interval_and_message():
    found = text(design(5, failed=(2,)), (0.1, 0.1))
    assert "1 of 5" in found
    assert "no room" in found
    assert "fragile" in found


def test_guards_have_a_table_of_their_own():
    found = text(design(roles=("in_domain", "guard")), (0.1, 0.0))
    assert "Forgetting: change from base in points" in found
    assert "no forgetting" in found
    assert "within margin" in found


def test_nothing_measurable_is_a_dash_not_a_number():
    found = text(design(3, failed=(0, 1, 2)), (0.1, 0.1))
    assert "–" in found
    assert "no seed has scores on both sides" in found
