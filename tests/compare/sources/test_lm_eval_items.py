"""Reading a file of lm-eval samples: what is kept of a line, and what is said of a bad one."""

import gzip

import pytest

from harness.compare.sources.lm_eval import read_items
from harness.errors import ComparisonError
from helpers.logs import line, write


@pytest.fixture
def put(tmp_path):
    """Write lines as a sample file, and pack it if asked; return its path."""

    def written(lines, *, compress=False):
        path = write(tmp_path, "near", lines)
        if compress:
            path.write_bytes(gzip.compress(path.read_bytes()))
        return path

    return written


def samples(scores, metric="acc"):
    return [line(k, score, metric) for k, score in enumerate(scores)]


def refused(path, metric="acc"):
    with pytest.raises(ComparisonError) as caught:
        read_items(path, metric)
    return str(caught.value)


def test_an_item_is_its_hashes_its_score_and_its_number(put):
    lines = samples([1.0, 0.0, 1.0])
    found = read_items(put(lines), "acc")
    assert [item.score for item in found] == [1.0, 0.0, 1.0]
    assert [item.doc_id for item in found] == [0, 1, 2]
    assert found[0].key == tuple(lines[0][name] for name in ("doc_hash", "prompt_hash", "target_hash"))
    assert {item.cluster for item in found} == {None}


def test_gzip_is_known_by_its_content_not_its_name(put, tmp_path):
    plain = put(samples([1.0, 0.0]))
    for name in ("packed.jsonl.gz", "packed.jsonl"):
        (tmp_path / name).write_bytes(gzip.compress(plain.read_bytes()))
        assert read_items(tmp_path / name, "acc") == read_items(plain, "acc")


def test_the_cluster_is_a_field_of_the_document(put):
    path = put([line(k, 1.0, cluster=f"page {k // 2}") for k in range(4)])
    assert [item.cluster for item in read_items(path, "acc", cluster="cluster")] == ["page 0"] * 2 + ["page 1"] * 2
    assert {item.cluster for item in read_items(path, "acc", cluster="object")} == {None}
    assert {item.cluster for item in read_items(path, "acc")} == {None}


def test_whole_numbers_booleans_and_blank_lines_are_fine(put):
    path = put(samples([1, True, 0]))
    path.write_text(path.read_text().replace("\n", "\n\n"))
    assert [item.score for item in read_items(path, "acc")] == [1.0, 1.0, 0.0]


def test_a_metric_may_name_its_filter(put):
    lines = [line(k, float(kind == "strict-match"), kind=kind) for k in range(3) for kind in ("strict-match", "last")]
    path = put(lines)
    assert [item.score for item in read_items(path, "acc,strict-match")] == [1.0] * 3
    assert [item.score for item in read_items(path, "acc,last")] == [0.0] * 3


def test_several_filters_and_no_choice_is_refused_with_the_choices(put):
    message = refused(put([line(0, 1.0, kind="strict-match"), line(0, 0.0, kind="last")]))
    assert "acc,last, acc,strict-match" in message


def test_a_filter_that_is_not_there_is_refused_with_those_that_are(put):
    assert "no filter 'strict': it has none" in refused(put(samples([1.0])), "acc,strict")


def test_a_metric_that_is_not_there_is_refused_with_those_that_are(put):
    message = refused(put(samples([1.0, 0.0], metric="exact_match")))
    assert ".jsonl:1 has no metric 'acc': it has exact_match." in message


def test_a_truncated_last_line_is_named(put):
    path = put(samples([1.0, 0.0, 1.0]))
    path.write_text(path.read_text()[:-40])
    message = refused(path)
    assert message.startswith(f"{path}:3 is not a whole line of JSON")
    assert "score again" in message


@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_a_truncated_gzip_file_is_refused(put, keep):
    path = put(samples([1.0, 0.0, 1.0]), compress=True)
    packed = path.read_bytes()
    path.write_bytes(packed[: int(len(packed) * keep)])
    assert "gzip file that was cut off" in refused(path)


@pytest.mark.parametrize("place", [12, 30, -6])
def test_a_damaged_gzip_file_is_refused(put, place):
    path = put(samples([1.0, 0.0, 1.0]), compress=True)
    packed = bytearray(path.read_bytes())
    packed[place] ^= 0xFF
    path.write_bytes(bytes(packed))
    assert str(path) in refused(path)


def test_an_empty_file_is_refused(put):
    assert "is empty: the evaluation was cut off" in refused(put([]))
    path = put([], compress=True)
    assert gzip.decompress(path.read_bytes()) == b""
    assert "is empty" in refused(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), None, "0.5", [1.0, 0.0], 10**400])
def test_a_score_that_is_no_finite_number_is_refused_with_its_line(put, value):
    message = refused(put(samples([1.0, value, 0.0])))
    assert ".jsonl:2: acc is " in message
    assert "not a finite number" in message


@pytest.mark.parametrize("name", ["doc_hash", "prompt_hash", "target_hash"])
def test_lines_without_hashes_are_refused(put, name):
    lines = samples([1.0, 0.0])
    del lines[1][name]
    message = refused(put(lines))
    assert ".jsonl:2 lacks doc_hash, prompt_hash, target_hash" in message
    assert "--log_samples" in message


@pytest.mark.parametrize("line", ["[1, 2]", "3", "null"])
def test_json_that_is_no_sample_is_refused(put, line):
    path = put(samples([1.0]))
    path.write_text(f"{path.read_text()}{line}\n")
    assert ".jsonl:2 lacks" in refused(path)


def test_a_file_that_is_not_text_is_refused(put):
    path = put(samples([1.0]))
    path.write_bytes(bytes(range(128, 256)))
    assert f"{path}:1 is not a whole line of JSON" in refused(path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"doc": ' * 100_000])
def test_what_is_nested_without_end_is_refused(put, text):
    path = put(samples([1.0]))
    path.write_text(text)
    assert "is not a whole" in refused(path)


def test_a_file_that_is_gone_is_refused(tmp_path):
    assert "cannot be read" in refused(tmp_path / "samples_near.jsonl")
