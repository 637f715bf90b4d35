"""Which experiments are asked how the best rank grows, and what is said of it."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness.compare import scores as reader
from harness.compare.design import Arm, Varied
from harness.compare.scores import Reading
from harness.compare.sizes import Size
from harness.report.sections.factors import _growth
from harness.spec.records import Suite
from harness.verdict.growth import rank_growths
from harness.verdict.records import RankGrowth

RANKS, ROWS = (2, 8, 32), (100, 200, 400)


def arm(name):
    return Arm(name=name, runs=())


def design(left_out=(), **changes):
    suite = Suite(task="k8s_qa", role="in_domain", metric="acc")
    centre = arm("lora")
    places = {f"lora-{rank}-{rows}": Size(rank, rows) for rank in RANKS for rows in ROWS}
    places["lora"] = places.pop("lora-8-400")
    for name in left_out:
        del places[name]
    levels = {"rank": "r", "rows": "n"}
    varied = tuple(Varied(arm=arm(name), centre=centre, levels=levels) for name in places if name != "lora")
    fields = {"suites": (suite,), "varied": varied, "sizes": places, "alpha": 0.05, **changes}
    plain = SimpleNamespace(**fields)
    plain.learned = plain.suites
    plain.tail = lambda comparisons: 0.05 / 2 / comparisons
    plain.beside = lambda reference, *others: SimpleNamespace(arms=[reference, *others])
    return plain


@pytest.fixture
def scores(monkeypatch):
    """Scores whose best rank is 8 at each number of rows, for whatever arms are asked for."""

    def read(asked):
        def rows(name):
            rank = 8 if name == "lora" else int(name.split("-")[1])
            return np.full((3, 12), -((np.log(rank) - np.log(8)) ** 2)) + np.linspace(0, 1e-6, 12)

        values = {each.name: rows(each.name) for each in asked.arms}
        return (SimpleNamespace(suite=SimpleNamespace(task="k8s_qa"), values=values),), ()

    monkeypatch.setattr(reader, "read_comparable", read)


def test_a_whole_grid_of_ranks_and_rows_is_asked(scores):
    (found,) = rank_growths(design(), Reading())
    assert (found.centre, found.task, found.ranks, found.rows) == ("lora", "k8s_qa", RANKS, ROWS)
    assert found.best == pytest.approx((8, 8, 8))
    assert found.exponent == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"left_out": ["lora-2-100"]},
        {"sizes": {}},
        {"varied": (Varied(arm=arm("lora-2-400"), centre=arm("lora"), levels={"rank": "2"}),)},
        {"varied": ()},
    ],
    ids=["a hole in the grid", "no rows recorded", "one factor", "none"],
)
def test_what_is_no_grid_is_not_asked(scores, changes):
    assert list(rank_growths(design(**changes), Reading())) == []


def grown(**changes):
    fields = {"centre": "lora", "task": "k8s_qa", "ranks": RANKS, "rows": ROWS, "best": (8.0, None, 9.0)}
    return RankGrowth(**{**fields, "exponent": None, "interval": None, "reasons": (), **changes})


def test_the_page_says_the_exponent_only_where_there_is_one():
    some = grown(exponent=0.71, interval=(0.2, 1.2), best=(8.0, 8.5, 9.0))
    none = grown(reasons=("at 200 rows 1 of 3 seeds have no best rank between 2 and 32",))
    told = [each.text for each in _growth(SimpleNamespace(growth=(some, none), growth_level=0.975))]
    assert "8 at 100, 8.5 at 200, 9 at 400. It grows like log(rows)^0.71 [0.20, 1.20], a 97.5% interval" in told[0]
    assert "8 at 100, none at 200" in told[1]
    assert "cannot be estimated: at 200 rows 1 of 3 seeds have no best rank between 2 and 32." in told[1]
