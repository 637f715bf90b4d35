"""Sample files in, paired arrays out; what does not pair is refused with what differs."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from harness.compare.design import Arm, Design, FailedRun, ScoredRun
from harness.compare.scores import read_scores
from harness.errors import ComparisonError
from harness.spec.records import Suite
from helpers.logs import line, write


def design(tmp_path, *, metric="acc", cluster="cluster", seeds=2, **changes):
    runs = {arm: tuple(ScoredRun(folder=tmp_path / arm / str(s)) for s in range(seeds)) for arm in ("full", "lora")}
    fields = {
        "reference": Arm(name="full", runs=runs["full"]),
        "candidates": (Arm(name="lora", runs=runs["lora"]),),
        "suites": (Suite(task="qa", role="in_domain", metric=metric, cluster=cluster),),
        "sesoi": 0.02,
    }
    return Design(**fields | changes)


@pytest.fixture
def four(tmp_path):
    """Two arms of two seeds with ten items; item k of run r scores (k + r) % 2."""
    for r, (arm, s) in enumerate((arm, s) for arm in ("full", "lora") for s in range(2)):
        write(tmp_path / arm / str(s), "qa", [line(k, float((k + r) % 2), page=f"p{k // 5}") for k in range(10)])
    return tmp_path


def path_of(root):
    return next((root / "lora/1").rglob("samples_*"))


def refused(one):
    with pytest.raises(ComparisonError) as caught:
        read_scores(one)
    return str(caught.value)


def test_scores_come_by_arm_and_seed(four):
    (found,) = read_scores(design(four))
    assert found.values["full"].shape == (2, 10)
    assert found.values["full"].sum() == 10
    assert np.array_equal(found.values["full"][0] + found.values["full"][1], np.ones(10))


def test_the_order_of_lines_does_not_matter(four):
    (first,) = read_scores(design(four))
    path = path_of(four)
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    (second,) = read_scores(design(four))
    assert np.array_equal(first.values["lora"], second.values["lora"])


def test_gzip_is_read_whatever_the_name(four):
    path = path_of(four)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert read_scores(design(four))[0].items == 10


def test_a_gzip_file_that_was_cut_off_is_refused(four):
    path = path_of(four)
    path.write_bytes(gzip.compress(path.read_bytes())[:-20])
    assert "cut off" in refused(design(four))


def test_a_half_written_line_is_refused_with_its_number(four):
    path = path_of(four)
    path.write_text(path.read_text()[:-30])
    assert f"{path}:10 is not a whole line of JSON" in refused(design(four))


def test_an_empty_file_is_refused(four):
    path_of(four).write_text("")
    assert "is empty" in refused(design(four))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "1.0", [0.5, 3]])
def test_a_score_that_is_no_finite_number_is_refused(four, value):
    path = path_of(four)
    lines = [json.loads(each) for each in path.read_text().splitlines()]
    lines[3]["acc"] = value
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    assert "not a finite number" in refused(design(four))


def test_a_score_out_of_range_is_refused(four):
    write(four / "lora/1", "qa", [line(k, 1.5) for k in range(10)])
    assert "outside 0 to 1" in refused(design(four))


def test_a_missing_item_is_refused_and_named(four):
    write(four / "lora/1", "qa", [line(k, 1.0) for k in range(9)])
    assert "lacks 1 items" in refused(design(four))


def test_an_extra_item_is_refused_and_named(four):
    write(four / "lora/1", "qa", [line(k, 1.0) for k in range(11)])
    message = refused(design(four))
    assert "has 1 items that" in message
    assert "doc_id 10" in message


def test_other_prompts_are_refused_as_such(four):
    write(four / "lora/1", "qa", [line(k, 1.0, prompt="few-shot") for k in range(10)])
    assert "prompt 10 of the same documents differently" in refused(design(four))


def test_an_item_that_is_repeated_counts_once_and_it_is_said(four):
    write(four / "lora/1", "qa", [line(k, 1.0) for k in [*range(10), 3]])
    (found,) = read_scores(design(four))
    assert found.items == 10
    assert found.values["lora"][1].sum() == 10
    assert "qa: 10 items; 1 repetitions of them, scored alike, count once." in found.notes


def test_repeated_items_are_refused_when_asked(four):
    write(four / "lora/1", "qa", [line(k, 1.0) for k in [*range(10), 3]])
    assert "has 1 items more than once: remove the duplicates" in refused(design(four, duplicates="refuse"))


def test_a_repeated_item_with_two_scores_is_refused(four):
    write(four / "lora/1", "qa", [*(line(k, 1.0) for k in range(10)), line(3, 0.0)])
    assert "1 items more than once with different scores (doc_id 3; the first 1 and 0)" in refused(design(four))


def test_what_every_file_repeats_counts_once(tmp_path):
    for arm, s in ((arm, s) for arm in ("full", "lora") for s in range(2)):
        write(tmp_path / arm / str(s), "qa", [line(k % 9, float(k % 2 == s)) for k in range(9)] * 2)
    (found,) = read_scores(design(tmp_path))
    assert found.items == 9


def test_another_version_of_the_task_is_refused(four):
    write(four / "lora/1", "qa", [line(k, 1.0) for k in range(10)], version=2.0)
    assert "versions 1.0, 2.0" in refused(design(four))


def test_a_missing_metric_is_refused_with_those_there_are(four):
    message = refused(design(four, metric="acc_norm"))
    assert "no metric 'acc_norm': it has acc" in message


def test_all_problems_of_all_suites_come_at_once(four):
    one = design(four)
    suites = (*one.suites, Suite(task="other", role="out_of_domain", metric="acc"))
    path_of(four).write_text("")
    message = refused(replace(one, suites=suites))
    assert "is empty" in message
    assert "has no samples of other: it holds samples of qa" in message


def test_of_two_files_the_newest_is_taken_and_said(four):
    write(four / "lora/1", "qa", [line(k, 1.0) for k in range(10)], time="2026-02-02T03-04-05.678901")
    (found,) = read_scores(design(four))
    assert found.values["lora"][1].sum() == 10
    assert any("the newest" in note for note in found.notes)


def test_two_files_are_refused_when_asked(four):
    write(four / "lora/1", "qa", [line(k, 1.0) for k in range(10)], time="2026-02-02T03-04-05")
    assert "2 sample files of qa" in refused(design(four, newest=False))


def test_two_models_in_one_folder_are_refused(four):
    write(four / "lora/1", "qa", [line(k, 1.0) for k in range(10)], model="other")
    assert "give one folder a seed" in refused(design(four))


def test_a_task_whose_name_starts_alike_is_another(four):
    write(four / "lora/1", "qa_hard", [line(k, 1.0) for k in range(4)], time="2026-02-02T03-04-05")
    assert read_scores(design(four))[0].items == 10


def test_several_filters_must_be_chosen_from(tmp_path):
    lines = [line(k, float(kind == "strict"), kind=kind) for k in range(10) for kind in ("strict", "loose")]
    for arm, s in ((arm, s) for arm in ("full", "lora") for s in range(2)):
        write(tmp_path / arm / str(s), "qa", lines)
    assert "acc,loose, acc,strict" in refused(design(tmp_path))
    (found,) = read_scores(design(tmp_path, metric="acc,strict"))
    assert found.values["full"].mean() == 1


def test_a_lower_is_better_metric_is_turned_round(tmp_path):
    for arm, s in ((arm, s) for arm in ("full", "lora") for s in range(2)):
        write(tmp_path / arm / str(s), "qa", [line(k, 2.0, "answer_bits_per_byte") for k in range(10)])
    (found,) = read_scores(design(tmp_path, metric="answer_bits_per_byte"))
    assert not found.higher_is_better
    assert (found.values["full"] == -2).all()


def test_an_unknown_direction_is_refused_with_what_to_say(tmp_path):
    for arm, s in ((arm, s) for arm in ("full", "lora") for s in range(2)):
        write(tmp_path / arm / str(s), "qa", [line(k, 2.0, "zeal") for k in range(10)])
    assert "--lower-is-better" in refused(design(tmp_path, metric="zeal"))
    assert read_scores(design(tmp_path, metric="zeal", lower_is_better=True))[0].values["full"].mean() == -2


def test_clusters_come_from_the_documents(four):
    (found,) = read_scores(design(four, cluster="page"))
    assert found.units == 2


def test_without_the_usual_cluster_field_items_are_independent_and_it_is_said(four):
    (found,) = read_scores(design(four))
    assert found.units == 10
    assert any("independent" in note for note in found.notes)


def test_a_named_cluster_field_must_exist(four):
    assert "have no field 'chapter'" in refused(design(four, cluster="chapter"))


def test_a_failed_run_is_a_blank_row_never_a_score(four):
    one = design(four)
    failed = FailedRun(kind="out_of_memory", message="no room")
    (found,) = read_scores(replace(one, candidates=(Arm(name="lora", runs=(one.candidates[0].runs[0], failed)),)))
    assert np.isnan(found.values["lora"][1]).all()
    assert found.worst == 0.0


def test_samples_without_results_are_read_and_it_is_said(four):
    for path in four.rglob("results_*"):
        path.unlink()
    (found,) = read_scores(design(four))
    assert any("versions were not compared" in note for note in found.notes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alpha": 1.5}, "alpha"),
        ({"retention": -1}, "retention"),
        ({"sesoi": 0}, "above 0"),
        ({"candidates": ()}, "at least one candidate"),
        ({"suites": ()}, "no in-domain suite"),
    ],
)
def test_a_design_that_cannot_be_judged_is_refused(tmp_path, changes, message):
    with pytest.raises(ComparisonError, match=message):
        design(tmp_path, **changes)


def test_the_same_folder_twice_is_refused(tmp_path):
    runs = (ScoredRun(folder=tmp_path / "a"), ScoredRun(folder=tmp_path / "a"))
    with pytest.raises(ComparisonError, match="given 2 times"):
        design(tmp_path, candidates=(Arm(name="lora", runs=runs),))


def test_mixed_metrics_are_refused(tmp_path):
    suites = (
        Suite(task="qa", role="in_domain", metric="acc"),
        Suite(task="far", role="out_of_domain", metric="acc_norm"),
    )
    with pytest.raises(ComparisonError, match="different metrics"):
        design(tmp_path, suites=suites)
