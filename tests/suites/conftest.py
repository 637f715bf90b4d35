"""A user's task that the tests of loading and rendering write and spoil."""

import pytest

LOADER = """
from datasets import Dataset

ROWS = [{"q": "1 + 1", "choices": ["1", "2"], "answer": 1, "text": "two"}] * 2


def load(**metadata):
    return {"train": Dataset.from_list(ROWS), "test": Dataset.from_list(ROWS), "none": Dataset.from_list(ROWS[:0])}


def broken(**metadata):
    raise KeyError("no such column")


def mislabelled(**metadata):
    return load() | {"train": Dataset.from_list([ROWS[0] | {"answer": 7}])}


def away(**metadata):
    raise ConnectionError("no route\\nand much more")


def unreachable(**metadata):
    raise SOURCE_ERROR("wheel==1.0 is not in the cache")
""".replace("SOURCE_ERROR", "__import__('harness.errors').errors.SourceError")


@pytest.fixture
def write(tmp_path):
    def write(text, name="sums", folder=tmp_path / "tasks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "loader.py").write_text(LOADER)
        path = folder / name / f"{name}.yaml"
        path.write_text(text)
        return path

    return write
