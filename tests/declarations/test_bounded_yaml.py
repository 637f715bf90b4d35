"""A task's YAML of a stranger's is read within bounds, and only where it is a file."""

import os

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.declarations import bounded_yaml
from harness.declarations.bounded_yaml import MOST_VALUES, SafeLoader
from harness.declarations.task_yaml import TaskFileError, read_task

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)
ENDLESS = {
    "aliases of a hundred million": (f"task: mine\n{LAUGHS}", "aliases stand for more than"),
    "an alias in itself": ("task: mine\nmetadata: &a [*a]\n", "names what it stands in"),
    "brackets": ("task: mine\nx: " + "[" * 100_000, "nested too deeply"),
    "braces": ("task: mine\nx: " + "{a: " * 100_000, "nested too deeply"),
    "dashes": ("task: mine\nx:\n  " + "- " * 100_000 + "x", "nested too deeply"),
    "keys": ("task: mine\nx:\n  " + "? " * 100_000 + "x", "nested too deeply"),
    "a little too deep": ("task: mine\nx: " + "[" * 60 + "]" * 60, "nested too deeply"),
    "a day that no month has": ("task: mine\nmetadata: {version: 2026-05-40}\n", "cannot be read"),
    "bytes that are none": ("task: mine\nmetadata: {version: !!binary x}\n", "cannot be read"),
    "a file of a device": ("task: mine\ninclude: /dev/zero\n", "not a regular file"),
    "a path that is none": ('task: mine\ninclude: "a\\0b"\n', "cannot be a path"),
    "a name of a thousand letters": (f"task: mine\ninclude: {'x' * 1000}\n", "File name too long"),
}


@pytest.mark.parametrize(("text", "said"), ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_refused_by_name(tmp_path, text, said):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(TaskFileError, match=said):
        read_task(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "mine.yaml").write_text("task: mine\ninclude: pipe\n")
    with pytest.raises(TaskFileError, match="not a regular file"):
        read_task(tmp_path / "mine.yaml")


def test_includes_in_a_circle_are_named(tmp_path):
    (tmp_path / "one.yaml").write_text("task: one\ninclude: two.yaml\n")
    (tmp_path / "two.yaml").write_text("include: one.yaml\n")
    with pytest.raises(TaskFileError, match=r"one\.yaml → .*two\.yaml → .*one\.yaml"):
        read_task(tmp_path / "one.yaml")


def test_a_chain_without_end_is_cut(tmp_path):
    for number in range(200):
        (tmp_path / f"{number}.yaml").write_text(f"task: mine\ninclude: {number + 1}.yaml\n")
    with pytest.raises(TaskFileError, match="100 files are read for one task"):
        read_task(tmp_path / "0.yaml")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "mine.yaml"
    with path.open("wb") as file:
        file.truncate(9 << 20)
    with pytest.raises(TaskFileError, match="larger than the 8 MiB"):
        read_task(path)


@given(st.recursive(st.none() | st.integers() | st.text("abc [{-"), lambda inner: st.lists(inner, max_size=4)))
def test_what_is_within_bounds_reads_as_ever(value):
    text = yaml.safe_dump({"a": value, "b": value}).encode()
    assert bounded_yaml.load(text, SafeLoader) == {"a": value, "b": value}


def test_the_largest_that_is_read_is_read():
    text = ("[" + ", ".join(["1"] * 1000) + "]").encode()
    assert len(bounded_yaml.load(text, SafeLoader)) == 1000
    assert MOST_VALUES > 1000
