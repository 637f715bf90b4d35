"""What every source of training rows must keep to; see `harness.sources.data.DataSource` for the contract in words.

::

    class TestMine(DataSourceContract):
        @pytest.fixture
        def source(self):
            return MySource()
        …
"""

from pathlib import Path

import pytest

from harness.errors import SourceError, TaskError
from harness.sources.data import COLUMNS, DataContext, DataSource, rows_sha256
from harness.spec.records import Data


class DataSourceContract:
    """Inherit this in a test module under a name that begins with ``Test`` and give the four fixtures."""

    @pytest.fixture
    def source(self) -> DataSource:
        """Return the source."""
        raise NotImplementedError

    @pytest.fixture
    def declared(self) -> Data:
        """Declare rows that are there."""
        raise NotImplementedError

    @pytest.fixture
    def other(self) -> Data:
        """Declare other rows that are there too."""
        raise NotImplementedError

    @pytest.fixture
    def absent(self) -> Data:
        """Declare rows that are not."""
        raise NotImplementedError

    @pytest.fixture
    def context(self, tmp_path: Path) -> DataContext:
        """Return an experiment's context, in an empty folder; override it where a source looks something up there."""
        return DataContext(beside=tmp_path)

    def test_a_row_is_a_prompt_and_a_completion(self, source: DataSource, declared: Data, context: DataContext) -> None:
        """All of them are strings."""
        rows = source.rows(declared, context)
        assert rows
        assert all(isinstance(row[column], str) for row in rows for column in COLUMNS)

    def test_the_rows_are_the_same_whoever_asks_and_when(
        self, source: DataSource, declared: Data, context: DataContext
    ) -> None:
        """In the same order too."""
        first = list(source.rows(declared, context))
        assert list(source.rows(declared, context)) == first
        assert list(type(source)().rows(declared, context)) == first

    def test_the_rows_belong_to_who_asked(self, source: DataSource, declared: Data, context: DataContext) -> None:
        """Changing what was returned changes nothing of what is returned next."""
        rows = source.rows(declared, context)
        before = [dict(row) for row in rows]
        if isinstance(rows, list):
            rows.clear()
        assert [dict(row) for row in source.rows(declared, context)] == before

    def test_every_row_is_compared_and_can_be_found(
        self, source: DataSource, declared: Data, context: DataContext
    ) -> None:
        """A passage a row, under an identity of its own, with the text that trains in it."""
        rows, passages = source.rows(declared, context), list(source.passages(declared, context))
        assert len({passage.id for passage in passages}) == len(passages) == len(rows)
        for row, passage in zip(rows, passages, strict=True):
            assert passage.fact
            assert row["completion"].strip() in passage.whole

    def test_another_declaration_gives_other_rows(
        self, source: DataSource, declared: Data, other: Data, context: DataContext
    ) -> None:
        """Their digest, from which a cell's identity follows, is another too."""
        first, second = (rows_sha256(source.rows(each, context)) for each in (declared, other))
        assert first != second

    def test_what_is_not_there_is_an_error_that_says_what(
        self, source: DataSource, absent: Data, context: DataContext
    ) -> None:
        """A user's error, not a traceback, and not an empty list."""
        with pytest.raises((SourceError, TaskError)) as refused:
            source.rows(absent, context)
        assert str(refused.value)
