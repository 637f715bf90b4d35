"""Rows of every shape that people's files have, read from each kind of file; what is no text is refused by row."""

import csv
import gzip
import json

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.errors import TaskError
from harness.sources.data import RENDERED, DataContext, read_passages, read_rows
from harness.spec.records import Data

USER, ANSWER = {"role": "user", "content": "Where?"}, {"role": "assistant", "content": "There."}


def render(prompt, completion):
    return tuple("".join(f"<{each['role']}>{each['content']}" for each in part) for part in (prompt, completion))


@pytest.fixture
def context(tmp_path):
    return DataContext(beside=tmp_path, render=render)


def as_jsonl(root, rows):
    path = root / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return Data(source="jsonl", path=str(path))


def as_list(root, rows):
    path = root / "rows.json"
    path.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return Data(source="jsonl", path=str(path))


def as_parquet(root, rows):
    path = root / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return Data(source="parquet", path=str(path))


def as_set(root, rows):
    datasets.Dataset.from_list(rows).save_to_disk(str(root / "set"))
    return Data(source="hub", id=str(root / "set"), revision="main")


def as_csv(root, rows):
    path = root / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return Data(source="csv", path=str(path))


FORMATS = {each.__name__: each for each in (as_jsonl, as_list, as_parquet, as_set)}
TABLES = {**FORMATS, "as_csv": as_csv}


@pytest.mark.parametrize("form", TABLES)
def test_texts(form, tmp_path, context):
    declared = TABLES[form](tmp_path, [{"prompt": "a, b", "completion": ' "c"\nd', "more": "x"}] * 2)
    assert read_rows(declared, context) == [{"prompt": "a, b", "completion": ' "c"\nd'}] * 2


@pytest.mark.parametrize("form", TABLES)
def test_texts_under_other_names(form, tmp_path, context):
    declared = TABLES[form](tmp_path, [{"question": "a", "answer": " b", "prompt": "x", "completion": "y"}])
    mapped = Data(source=declared.source, path=declared.path, id=declared.id, revision="main", columns=NAMES)
    assert read_rows(mapped, context) == [{"prompt": "a", "completion": " b"}]


NAMES = {"prompt": "question", "completion": "answer"}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "row",
    [
        {"prompt": [USER], "completion": [ANSWER]},
        {"messages": [USER, ANSWER]},
        {"conversations": [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "There."}]},
        {"conversations": [USER, ANSWER]},
    ],
)
def test_conversations(form, row, tmp_path, context):
    (read,) = read_rows(FORMATS[form](tmp_path, [row]), context)
    assert read == {"prompt": "<user>Where?", "completion": "<assistant>There.", RENDERED: "messages"}


def test_of_several_turns_the_last_answer_trains(tmp_path, context):
    system = {"role": "system", "content": "Be brief."}
    (read,) = read_rows(as_jsonl(tmp_path, [{"messages": [system, USER, ANSWER, USER, ANSWER]}]), context)
    assert read["prompt"] == "<system>Be brief.<user>Where?<assistant>There.<user>Where?"
    assert read["completion"] == "<assistant>There."


def test_the_contamination_check_reads_what_was_said_without_a_template(tmp_path):
    (passage,) = read_passages(as_jsonl(tmp_path, [{"messages": [USER, ANSWER]}]), DataContext(beside=tmp_path))
    assert passage.whole == "Where? There."


@pytest.mark.parametrize("form", TABLES)
def test_alpacas_instructions_in_its_own_prompt(form, tmp_path, context):
    rows = [
        {"instruction": "Add.", "input": "1, 2", "output": "3"},
        {"instruction": "Wave.", "input": "", "output": "o/"},
    ]
    first, second = read_rows(TABLES[form](tmp_path, rows), context)
    assert first["prompt"].endswith("### Instruction:\nAdd.\n\n### Input:\n1, 2\n\n### Response:")
    assert "paired with an input" in first["prompt"]
    assert second["prompt"].endswith("completes the request.\n\n### Instruction:\nWave.\n\n### Response:")
    assert [first["completion"], second["completion"]] == ["3", "o/"]


def test_instructions_are_messages_where_the_experiment_evaluates_with_a_template(tmp_path):
    context = DataContext(beside=tmp_path, render=render, chat_template=str)
    (read,) = read_rows(as_jsonl(tmp_path, [{"instruction": "Add.", "input": "1, 2", "output": "3"}]), context)
    assert read == {"prompt": "<user>Add.\n\n1, 2", "completion": "<assistant>3", RENDERED: "messages"}


def refused(declared, context):
    with pytest.raises(TaskError) as caught:
        read_rows(declared, context)
    return str(caught.value)


WRONG = {
    "`completion` is null, and not a text": {"prompt": "a", "completion": None},
    "`completion` is a number, 3, and not a text": {"prompt": "a", "completion": 3},
    "`prompt` is a truth value, True": {"prompt": True, "completion": "b"},
    "`prompt` is an object": {"prompt": USER, "completion": "b"},
    "no `completion`": {"prompt": "a"},
    "`prompt` is a list and `completion` is a text, 'b'; both": {"prompt": [USER], "completion": "b"},
    "message 1 of `completion` has no `content`": {"prompt": [USER], "completion": [{"role": "assistant"}]},
    "the `content` of message 1 of `prompt` is null": {
        "prompt": [{"role": "user", "content": None}],
        "completion": [ANSWER],
    },
    "the `content` of message 1 of `prompt` is a list": {
        "prompt": [{"role": "user", "content": [{"type": "text", "text": "a"}]}],
        "completion": [ANSWER],
    },
    "`completion` is a list, and not a list of messages": {"prompt": [USER], "completion": []},
}


@pytest.mark.parametrize("reason", WRONG)
def test_what_is_no_text_is_refused_by_row(reason, tmp_path, context):
    message = refused(as_jsonl(tmp_path, [{"prompt": "a", "completion": "b"}, WRONG[reason]]), context)
    assert message.startswith(
        f"{tmp_path / 'rows.jsonl'}: 1 of 2 rows cannot be trained on (columns seen: completion, "
    )
    assert f"line 2: {reason}" in message


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": [ANSWER]}, "`messages` is a single message, with nothing that it answers"),
        ({"messages": [USER, USER]}, "the last of `messages` is from 'user', and the assistant's would train"),
        ({"messages": None}, "`messages` is null, and not a list of messages"),
        ({"messages": ["hello", "there"]}, "message 1 of `messages` is a text, 'hello', and not an object"),
        ({"conversations": [{"from": "narrator", "value": "x"}]}, "message 1 of `conversations` is from 'narrator'"),
        ({"instruction": "a", "output": None}, "`output` is null, and not a text"),
        ({"instruction": "a", "input": 2, "output": "b"}, "`input` is a number, 2, and not a text"),
    ],
)
def test_wrong_rows_of_other_shapes(row, reason, tmp_path, context):
    assert f"line 1: {reason}" in refused(as_jsonl(tmp_path, [row]), context)


@pytest.mark.parametrize("form", [as_parquet, as_set])
def test_a_null_or_a_number_in_a_table_is_refused_by_row(form, tmp_path, context):
    message = refused(
        form(tmp_path, [{"prompt": "a", "completion": "b"}, {"prompt": None, "completion": "b"}]), context
    )
    assert "1 of 2 rows" in message
    assert "row 2: `prompt` is null" in message


def test_numbers_of_a_data_set_are_not_turned_into_text(tmp_path, context):
    message = refused(as_set(tmp_path, [{"prompt": "1 + 1 =", "completion": 2}]), context)
    assert "row 1: `completion` is a number, 2" in message


def test_an_empty_cell_is_a_null(tmp_path, context):
    rows = [{"prompt": "a", "completion": "b"}, {"prompt": "a", "completion": ""}]
    assert "line 3: `completion` is null" in refused(as_csv(tmp_path, rows), context)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("prompt,completion\na,b,c\n", "line 2: more cells than the first line names columns"),
        ("prompt,completion\na\n", "line 2: `completion` is null"),
        ("prompt;completion\na;b\n", "lacks the columns of training rows; it has prompt;completion"),
        ('prompt,completion\na,"b\n', "after line 1: not comma-separated values: unexpected end of data"),
    ],
)
def test_csv_that_does_not_fit_its_first_line(text, reason, tmp_path, context):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    assert reason in refused(Data(source="csv", path=str(path)), context)


def test_a_long_text_is_read_from_csv(tmp_path, context):
    long = "word " * 60_000
    assert read_rows(as_csv(tmp_path, [{"prompt": long, "completion": "b"}]), context)[0]["prompt"] == long


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"\n\n  \n",
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        gzip.compress,
    ],
)
@pytest.mark.parametrize("form", [as_jsonl, as_csv])
def test_blank_lines_marks_ends_of_lines_and_gzip_are_no_matter(form, change, tmp_path, context):
    declared = form(tmp_path, [{"prompt": "a", "completion": "b"}] * 2)
    path = tmp_path / declared.path
    path.write_bytes(change(path.read_bytes()))
    assert read_rows(declared, context) == [{"prompt": "a", "completion": "b"}] * 2


def test_five_reasons_are_shown_and_the_rest_counted(tmp_path, context):
    message = refused(as_jsonl(tmp_path, [{"prompt": "a", "completion": "b"}, *[{"prompt": 1}] * 9]), context)
    assert "9 of 10 rows" in message
    assert message.count("`prompt` is a number") == 5
    assert "and 4 more" in message


def test_columns_that_make_up_no_row_are_named(tmp_path, context):
    message = refused(as_jsonl(tmp_path, [{"question": "a", "answer": "b"}]), context)
    assert "lacks the columns of training rows; it has answer, question" in message
    assert '"columns": {"prompt": "question", "completion": "answer"}' in message


def test_columns_of_two_shapes_have_to_be_chosen_from(tmp_path, context):
    declared = as_jsonl(tmp_path, [{"prompt": "a", "completion": "b", "messages": [USER, ANSWER]}])
    assert "`prompt` and `completion` as well as `messages`: say with `columns`" in refused(declared, context)
    chosen = Data(source="jsonl", path=declared.path, columns={"messages": "messages"})
    assert read_rows(chosen, context)[0]["completion"] == "<assistant>There."


def test_a_mapped_column_that_is_not_there_is_named(tmp_path, context):
    declared = as_jsonl(tmp_path, [{"question": "a", "answer": "b"}])
    mapped = Data(source="jsonl", path=declared.path, columns={"prompt": "query", "completion": "answer"})
    assert "has no column 'query', which `columns` names; it has answer, question" in refused(mapped, context)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'[{"prompt": "a"', "it begins as a list of JSON and is not whole"),
        (b"\xff\xfe\x7b", "line 1: not"),
        (b"[" * 100_000, "it begins as a list of JSON and is not whole"),
        (b'{"prompt": ' * 100_000, "line 1: not JSON"),
        (b"3\n", "line 1: a number, 3 and not an object with columns"),
        (b"", "holds no training rows"),
        (b"\n \n", "holds no training rows"),
        (gzip.compress(b'{"prompt": "a", "completion": "b"}', mtime=0)[:-9], "gzip file that was cut off"),
    ],
)
def test_files_that_hold_no_rows(content, reason, tmp_path, context):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    assert reason in refused(Data(source="jsonl", path=str(path)), context)


def test_what_is_no_parquet_is_refused(tmp_path, context):
    path = tmp_path / "rows.parquet"
    path.write_text("prompt,completion\n")
    assert "cannot be read as Parquet" in refused(Data(source="parquet", path=str(path)), context)
