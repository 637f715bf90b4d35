"""One run of numbers whose suites have generated answers, and an export of it, for all tests here."""

import csv
from types import SimpleNamespace

import pytest

from harness.ratings.export import export
from harness.ratings.key import read_key
from harness.ratings.marks import REQUIRED
from helpers.generated import answer, spec_of
from helpers.runs import scored_run


@pytest.fixture(scope="package")
def generated_run(tmp_path_factory):
    """Two recipes, two seeds, 20 items in 10 clusters, each with a generated answer."""
    folder = tmp_path_factory.mktemp("ratings")
    return scored_run(folder / "run", spec_of(folder / "spec"), items=20, answer=answer)


@pytest.fixture
def exported(generated_run, tmp_path):
    """Twelve pairs for raters, with their key."""
    files = export(generated_run, tmp_path / "raters", key=tmp_path / "key.json", items=12, seed=1)
    return SimpleNamespace(files=files, key=read_key(files.key), folder=tmp_path)


@pytest.fixture
def saved(exported):
    """Return a function that writes what a rater saved: marks that are alike, but for what `marks` gives of a pair."""

    def saved(name="Ana", *, file=None, marks=lambda pair: {}, columns=REQUIRED, expertise="specialist"):
        path = exported.folder / (file or f"{name}.csv")
        alike = {"right_a": 1, "right_b": 0, "coherence_a": 4, "coherence_b": 2, "preference": "A"}
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns, extrasaction="ignore", restval="")
            writer.writeheader()
            for pair in exported.key.pairs:
                writer.writerow({"pair": pair.pair, "rater": name, "expertise": expertise, **alike} | marks(pair))
        return path

    return saved
