"""Logs of older versions of lm-eval, written here as those wrote them, give the scores of newer ones."""

import json

import pytest

from harness.compare.design import ScoredRun
from harness.compare.sources import read_tidy, score_source
from harness.compare.sources.lm_eval import read_items
from harness.errors import ComparisonError
from helpers.logs import digest, line, write

ARGUMENTS = "pretrained=EleutherAI/pythia-160m,dtype=float32"


def document(k):
    return {"question": f"Wo liegt {k}?", "ümlaut": [1.5, None]}


def old_sample(k, score):
    """A sample as 0.4.2 logged it: raw arguments, no hashes, no filter, no names of metrics."""
    return {
        "doc_id": k,
        "doc": document(k),
        "target": k % 2,
        "arguments": [[f"Q {k}", " a"], [f"Q {k}", " b"]],
        "resps": [[[-1.5, True]], [[-2.5, False]]],
        "filtered_resps": [[-1.5, True], [-2.5, False]],
        "acc": score,
    }


def new_sample(k, score):
    """The same as 0.4.13 logs it."""
    texts = (json.dumps(document(k), indent=2, ensure_ascii=False), f"Q {k}", str(k % 2))
    hashes = dict(zip(("doc_hash", "prompt_hash", "target_hash"), map(digest, texts), strict=True))
    arguments = {f"gen_args_{n}": {"arg_0": f"Q {k}", "arg_1": f" {each}"} for n, each in enumerate("ab")}
    return {**old_sample(k, score), **hashes, "arguments": arguments, "filter": "none", "metrics": ["acc"]}


def write_old(folder, task, lines, *, name=None, results="results.json", tasks=()):
    """Write a folder as 0.4.2 did; return the sample file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"{ARGUMENTS.replace('/', '__').replace('=', '__')}_{task}.jsonl")
    path.write_text(json.dumps(lines, indent=2, ensure_ascii=False), encoding="utf-8")
    if results:
        config = {"model": "hf", "model_args": ARGUMENTS, "batch_size": 8}
        named = {each: {"task": each} for each in (task, *tasks)}
        content = {"results": {}, "configs": named, "versions": {task: 1.0}, "n-shot": {task: 0}, "config": config}
        (folder / results).write_text(json.dumps(content))
    return path


def read(folder, task="near", metric="acc"):
    return score_source(folder).read_suite(ScoredRun(folder=folder), task, metric, cluster=None, newest=True)


def refused(folder, task="near", metric="acc"):
    with pytest.raises(ComparisonError) as caught:
        read(folder, task, metric)
    return str(caught.value)


def test_the_layout_of_0_4_2_pairs_with_newer_logs(tmp_path):
    write_old(tmp_path / "old", "near", [old_sample(k, float(k % 3 == 0)) for k in range(9)])
    write(tmp_path / "new", "near", [new_sample(k, float(k % 3 == 0)) for k in range(9)])
    old, new = read(tmp_path / "old"), read(tmp_path / "new")
    assert old.items == new.items
    assert (old.file.version, old.file.shots, old.file.batch_size) == ("1.0", 0, "8")
    assert old.file.model == "EleutherAI/pythia-160m"


def test_its_margin_is_computed_as_of_newer_logs(tmp_path):
    write_old(tmp_path / "old", "near", [old_sample(k, 1.0) for k in range(3)])
    write(tmp_path / "new", "near", [new_sample(k, 1.0) for k in range(3)])
    assert read(tmp_path / "old", metric="answer_margin").items == read(tmp_path / "new", metric="answer_margin").items


def test_its_scores_come_as_a_table(tmp_path):
    write_old(tmp_path / "old", "near", [old_sample(k, 0.5) for k in range(3)])
    assert [(each.suite, each.metric, each.score) for each in read_tidy(tmp_path / "old")] == [("near", "acc", 0.5)] * 3


def test_a_task_whose_name_ends_like_anothers_is_told_apart(tmp_path):
    write_old(tmp_path, "arc_easy", [old_sample(k, 1.0) for k in range(3)], tasks=("easy",))
    assert len(read(tmp_path, "arc_easy").items) == 3
    assert "has no samples of easy: it holds samples of arc_easy" in refused(tmp_path, "easy")


def test_the_results_file_may_have_another_name(tmp_path):
    write_old(tmp_path, "near", [old_sample(k, 1.0) for k in range(3)], results="mine.json")
    assert len(read(tmp_path).items) == 3


def test_without_a_results_file_nothing_says_which_task_it_is(tmp_path):
    path = write_old(tmp_path, "near", [old_sample(0, 1.0)], results=None)
    with pytest.raises(ComparisonError) as caught:
        list(read_tidy(tmp_path))
    assert "no scores" in str(caught.value)
    assert score_source(tmp_path) is None
    path.rename(path.with_name("samples_near.jsonl"))
    assert len(read(tmp_path).items) == 1


def test_a_list_that_was_cut_off_is_refused(tmp_path):
    path = write_old(tmp_path, "near", [old_sample(k, 1.0) for k in range(3)])
    path.write_text(path.read_text()[:-30])
    assert f"{path} is not a whole list of JSON" in refused(tmp_path)


@pytest.mark.parametrize("name", ["doc", "arguments", "target"])
def test_what_cannot_be_paired_is_refused(tmp_path, name):
    samples = [old_sample(k, 1.0) for k in range(3)]
    del samples[1][name]
    path = write_old(tmp_path, "near", samples)
    assert f"{path}:2 lacks doc_hash" in refused(tmp_path)


def test_the_list_of_a_version_in_between_is_read(tmp_path):
    path = write(tmp_path, "near", [line(k, 1.0) for k in range(3)])
    path.write_text(json.dumps([line(k, 1.0) for k in range(3)], indent=2))
    path.rename(path.with_suffix(".json"))
    found = read(tmp_path)
    assert len(found.items) == 3
    assert found.file.version == "1.0"


# --- 0.4.3 to 0.4.5: hashes, but a sample does not say its filter


def filterless(k, score):
    sample = line(k, score, "exact_match")
    del sample["filter"], sample["metrics"]
    return sample


def two_filters(folder, lines, *, names=("strict-match", "flexible-extract")):
    filters = [{"name": name, "filter": [{"function": "take_first"}]} for name in names]
    return write(folder, "gsm8k", lines, configs={"gsm8k": {"filter_list": filters}})


def blocks(items=4):
    return [filterless(k, float(k < 2)) for k in range(items)] + [filterless(k, 1.0) for k in range(items)]


def scores_of(folder, metric):
    return {item.doc_id: item.score for item in read(folder, "gsm8k", metric).items}


def test_the_filters_of_0_4_3_are_told_by_their_order(tmp_path):
    two_filters(tmp_path, blocks())
    assert scores_of(tmp_path, "exact_match,strict-match") == {0: 1.0, 1: 1.0, 2: 0.0, 3: 0.0}
    assert set(scores_of(tmp_path, "exact_match,flexible-extract").values()) == {1.0}
    assert {each.metric for each in read_tidy(tmp_path)} == {
        "exact_match,strict-match",
        "exact_match,flexible-extract",
    }


def test_the_same_of_two_processes_whose_samples_stand_one_after_the_other(tmp_path):
    whole = blocks()
    two_filters(tmp_path, [*whole[0::4], *whole[2::4], *whole[1::4], *whole[3::4]])
    assert scores_of(tmp_path, "exact_match,strict-match") == {0: 1.0, 1: 1.0, 2: 0.0, 3: 0.0}


def test_one_of_the_filters_has_to_be_chosen(tmp_path):
    two_filters(tmp_path, blocks())
    assert "exact_match,flexible-extract, exact_match,strict-match" in refused(tmp_path, "gsm8k", "exact_match")


def test_a_single_named_filter_is_known_by_its_name_too(tmp_path):
    two_filters(tmp_path, blocks()[:4], names=("get-answer",))
    assert scores_of(tmp_path, "exact_match,get-answer") == scores_of(tmp_path, "exact_match")


def test_samples_that_lack_a_filter_are_refused(tmp_path):
    two_filters(tmp_path, blocks()[:-1])
    assert "1 documents lack the samples of a filter" in refused(tmp_path, "gsm8k", "exact_match,strict-match")


def test_two_evaluations_in_one_file_are_refused(tmp_path):
    two_filters(tmp_path, blocks() + blocks())
    message = refused(tmp_path, "gsm8k", "exact_match,strict-match")
    assert ".jsonl:9 is sample 3 of one document" in message
    assert "score again" in message


# --- files that people have renamed or saved anew


def test_a_name_without_a_time_is_read_with_the_only_results_file(tmp_path):
    path = write(tmp_path, "near", [line(k, 1.0) for k in range(3)], version=4.0)
    path.rename(path.with_name("samples_near.jsonl"))
    assert read(tmp_path).file.version == "4.0"


def test_beside_another_nothing_says_which_is_the_newest(tmp_path):
    path = write(tmp_path, "near", [line(k, 1.0) for k in range(3)])
    path.with_name("samples_near.jsonl").write_text(path.read_text())
    assert "nothing says which is the newest" in refused(tmp_path)


@pytest.mark.parametrize("change", [lambda b: b"\xef\xbb\xbf" + b, lambda b: b.replace(b"\n", b"\r\n")])
def test_a_mark_at_the_start_and_ends_of_lines_as_on_windows_are_no_matter(tmp_path, change):
    path = write(tmp_path, "near", [line(k, 1.0) for k in range(3)])
    before = read_items(path, "acc")
    path.write_bytes(change(path.read_bytes()))
    assert read_items(path, "acc") == before


def test_other_encodings_are_named(tmp_path):
    path = write(tmp_path, "near", [line(k, 1.0) for k in range(3)])
    path.write_bytes(path.read_text().encode("utf-16"))
    assert "UTF-16" in refused(tmp_path)


@pytest.mark.parametrize("field", ["doc_id", "filter", "target", "doc"])
def test_what_a_sample_holds_beside_its_scores_is_no_metric(tmp_path, field):
    write(tmp_path, "near", [line(k, 1.0) for k in range(3)])
    assert f"has no metric {field!r}: it has acc" in refused(tmp_path, metric=field)
