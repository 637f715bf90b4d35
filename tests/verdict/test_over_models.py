"""A candidate beside the reference over several models: counted by model, nothing pooled."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from harness.compare.scores import NotCompared
from harness.verdict.over_models import JudgedModel, over_models

NUMBERS = st.floats(-5, 5, allow_nan=False).map(lambda each: round(each, 1))


def gap(estimate, half, task="sums", verdict="inconclusive"):
    interval = SimpleNamespace(estimate=estimate, interval=(estimate - half, estimate + half))
    return SimpleNamespace(candidate="lora", task=task, metric="acc", gap=interval, verdict=verdict)


def verdicts(*gaps, forgotten=(), not_compared=()):
    return SimpleNamespace(
        in_domain=gaps, comparisons=(), extra_forgetting=tuple(forgotten), not_compared=tuple(not_compared)
    )


def costs(estimate, half, workers=1):
    speed = SimpleNamespace(estimate=estimate, low=estimate - half, high=estimate + half)
    return SimpleNamespace(recipes=(SimpleNamespace(recipe="lora", speed_up_with_probes=speed),), workers=workers)


def over(*judged):
    return over_models(judged, ("lora",), "full")


@given(st.lists(st.tuples(NUMBERS, st.floats(0, 3)), min_size=1, max_size=8))
def test_models_are_counted_by_their_own_estimates_and_intervals(drawn):
    judged = [JudgedModel(name=str(n), verdicts=verdicts(gap(*each))) for n, each in enumerate(drawn)]
    (found,) = over(*judged)
    assert found.wins == sum(estimate < 0 for estimate, _ in drawn)  # a gap is reference minus candidate
    assert found.ties == sum(estimate == 0 for estimate, _ in drawn)
    assert found.shown == sum(estimate + half < 0 for estimate, half in drawn)
    assert found.shown_against == sum(estimate - half > 0 for estimate, half in drawn)
    assert found.shown <= found.wins
    assert found.win_rate == (found.wins + found.ties / 2) / len(drawn)


def test_the_faster_candidate_wins_and_shared_machines_are_named():
    (found,) = over(
        JudgedModel(name="a", verdicts=verdicts(), costs=costs(1.3, 0.1)),
        JudgedModel(name="b", verdicts=verdicts(), costs=costs(0.9, 0.2, workers=2)),
    )
    assert (found.kind, found.wins, found.shown, found.shown_against) == ("training_time", 1, 1, 0)
    assert [(each.model, each.ahead, each.shown) for each in found.models] == [
        ("a", "candidate", "candidate"),
        ("b", "reference", None),
    ]
    assert found.shared == ("b",)


def test_models_without_a_measure_are_left_out_with_the_reason():
    far = NotCompared(task="far", role="guard", reasons=("items differ",))
    measures = over(
        JudgedModel(name="whole", verdicts=verdicts(gap(1, 1), forgotten=[gap(-1, 0.5, "far")])),
        JudgedModel(name="half", verdicts=verdicts(gap(1, 1), not_compared=[far])),
        JudgedModel(name="gone", why="it is gated", failed=True),
    )
    near, forgotten = measures
    assert near.left_out == {"gone": "it is gated"}
    assert forgotten.left_out == {"half": "items differ", "gone": "it is gated"}
    assert (forgotten.kind, forgotten.wins, len(forgotten.models)) == ("extra_forgetting", 1, 1)


def test_where_no_model_is_judged_there_is_nothing_to_count():
    assert over(JudgedModel(name="gone", why="it is gated")) == ()
