"""What every source of scores must keep to; see `harness.compare.sources.ScoreSource` for the contract in words.

::

    class TestMine(ScoreSourceContract):
        @pytest.fixture
        def source(self):
            return MySource()
        …
"""

import math
from pathlib import Path

import pytest

from harness.compare.design import ScoredRun
from harness.compare.sources import ScoreSource
from harness.compare.tidy import Score
from harness.errors import ComparisonError, DamagedError


class ScoreSourceContract:
    """Inherit this in a test module under a name that begins with ``Test`` and give the four fixtures."""

    @pytest.fixture
    def source(self) -> ScoreSource:
        """Return the source."""
        raise NotImplementedError

    @pytest.fixture
    def path(self) -> Path:
        """Return a path with scores of one trained model or of several."""
        raise NotImplementedError

    @pytest.fixture
    def damaged(self) -> Path:
        """Return a path in the source's format whose scores cannot all be read."""
        raise NotImplementedError

    @pytest.fixture
    def one_model(self, path: Path) -> Path | None:
        """Return a path with scores of one trained model, None where a path of this format always holds several."""
        return path

    def test_it_recognises_its_own_format_alone(
        self, source: ScoreSource, path: Path, damaged: Path, tmp_path: Path
    ) -> None:
        """Whatever else lies at a path is another's, and nothing is raised for it."""
        empty = tmp_path / "empty folder"
        empty.mkdir()
        text = tmp_path / "words.txt"
        text.write_text("no scores\n", encoding="utf-8")
        assert source.recognises(path)
        assert source.recognises(damaged)
        assert not any(map(source.recognises, (empty, text, tmp_path / "nothing there")))

    def test_a_score_is_a_number_with_its_labels(self, source: ScoreSource, path: Path) -> None:
        """There is one at least, and every label is of its type."""
        scores = list(source.read(path))
        assert scores
        for each in scores:
            assert isinstance(each, Score)
            assert isinstance(each.score, float)
            assert math.isfinite(each.score)
            assert all(
                isinstance(label, str) for label in (each.model, each.recipe, each.suite, each.item, each.metric)
            )
            assert each.seed is None or isinstance(each.seed, int)
            assert all(label is None or isinstance(label, str) for label in (each.role, each.cluster))

    def test_an_item_has_one_score(self, source: ScoreSource, path: Path) -> None:
        """By each metric, of each trained model, in each role of a suite."""
        labels = [each._replace(score=0.0, cluster=None) for each in source.read(path)]
        assert len(set(labels)) == len(labels)

    def test_the_scores_are_the_same_whoever_asks_and_when(self, source: ScoreSource, path: Path) -> None:
        """In the same order too."""
        first = list(source.read(path))
        assert list(source.read(path)) == first
        assert list(type(source)().read(path)) == first

    def test_reading_changes_no_file(self, source: ScoreSource, path: Path) -> None:
        """Neither their content nor which there are."""
        before = _content(path)
        list(source.read(path))
        assert _content(path) == before

    def test_what_is_damaged_is_an_error_that_says_where(self, source: ScoreSource, damaged: Path) -> None:
        """A user's error with the file, not a traceback, and not fewer scores; a checksum's where there is one."""
        with pytest.raises((ComparisonError, DamagedError)) as refused:
            list(source.read(damaged))
        assert damaged.name in str(refused.value)

    def test_a_suite_of_one_model_is_read_for_the_comparator(self, source: ScoreSource, one_model: Path | None) -> None:
        """With the scores of its table, item for item; a suite or metric that is not there is an error."""
        if one_model is None:
            return
        scores, run = list(source.read(one_model)), ScoredRun(folder=one_model)
        suite, metric = scores[0].suite, scores[0].metric
        found = source.read_suite(run, suite, metric, cluster=None, newest=True)
        expected = sorted(each.score for each in scores if (each.suite, each.metric) == (suite, metric))
        assert sorted(item.score for item in found.items) == expected
        assert len({item.key for item in found.items}) == len(found.items)
        assert {item.cluster for item in found.items} == {None}
        for task, name in (("no such suite", metric), (suite, "no such metric")):
            with pytest.raises(ComparisonError):
                source.read_suite(run, task, name, cluster=None, newest=True)


def _content(path: Path) -> dict[Path, bytes]:
    files = [path] if path.is_file() else path.rglob("*")
    return {file: file.read_bytes() for file in files if file.is_file()}
