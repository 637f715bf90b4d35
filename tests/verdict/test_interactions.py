"""Whether a level costs one recipe more than another: known answers, and who is asked."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.compare import scores as reader
from harness.compare.design import Arm, FailedRun, ScoredRun, Varied
from harness.compare.scores import Reading, SuiteScores
from harness.report.sections.factors import _interactions
from harness.spec.records import Suite
from harness.verdict.interactions import factor_interactions

SEEDS, ITEMS = 5, 60
SUITE = Suite(task="k8s_qa", role="in_domain", metric="answer_margin")


def arm(name, failed=()):
    lost = FailedRun(kind="killed", message="gone")
    return Arm(name=name, runs=tuple(lost if seed in failed else ScoredRun(folder=Path(name)) for seed in range(SEEDS)))


def varied(centre, level):
    return Varied(arm=arm(f"{centre}-{level}"), centre=arm(centre), levels={"noise": level})


def design(*changed, reference="full"):
    plain = SimpleNamespace(
        reference=arm(reference), varied=changed, alpha=0.05, seeds=SEEDS, waiting=0, learned=(SUITE,)
    )
    plain.tail = lambda comparisons: 0.05 / 2 / comparisons
    plain.beside = lambda first, *others: SimpleNamespace(arms=[first, *others])
    plain.sesoi_of = lambda suite: 0.05
    return plain


@pytest.fixture
def scored(monkeypatch):
    """Scores by arm: what seed and item are worth is common to all, and the level takes `costs` away."""

    def having(**costs):
        rng = np.random.default_rng(0)
        common = rng.normal(size=(SEEDS, 1)) + rng.normal(size=(1, ITEMS))

        def read(asked):
            values = {
                each.name: common - costs.get(each.name.replace("-", "_"), 0.0) + 0.01 * rng.normal(size=common.shape)
                for each in asked.arms
            }
            whole = SuiteScores(suite=SUITE, values=values, clusters=None, higher_is_better=True, worst=-9.0)
            return (whole,), ()

        monkeypatch.setattr(reader, "read_comparable", read)

    return having


BOTH = (varied("full", "10"), varied("full", "30"), varied("lora", "10"), varied("lora", "30"))


def test_what_a_level_costs_beyond_is_found_with_its_sign(scored):
    scored(full_10=0.1, full_30=0.2, lora_10=0.1, lora_30=0.5)
    small, large = factor_interactions(design(*BOTH), Reading())
    assert (small.centre, small.against, small.levels) == ("lora", "full", {"noise": "10"})
    assert small.verdict == "alike within margin"
    assert large.gap.estimate == pytest.approx(0.3, abs=0.01)
    assert large.verdict == "costs it more"
    scored(full_10=0.1, full_30=0.5, lora_10=0.1, lora_30=0.2)
    assert [each.verdict for each in factor_interactions(design(*BOTH), Reading())] == [
        "alike within margin",
        "costs it less",
    ]


def test_levels_of_one_recipe_alone_have_no_interaction(scored):
    scored()
    assert list(factor_interactions(design(varied("lora", "10"), varied("lora", "30")), Reading())) == []
    assert list(factor_interactions(design(varied("full", "10"), varied("lora", "30")), Reading())) == []


def test_without_the_reference_the_first_recipe_is_what_others_are_held_against(scored):
    scored(lora_10=0.1, dora_10=0.1)
    (found,) = factor_interactions(design(varied("lora", "10"), varied("dora", "10")), Reading())
    assert (found.centre, found.against) == ("dora", "lora")


def test_a_seed_that_lacks_one_of_four_is_left_out(scored):
    scored(full_10=0.1, lora_10=0.1)
    one, other = varied("full", "10"), varied("lora", "10")
    lacking = arm("lora-10", failed=(0, 1, 2))
    (found,) = factor_interactions(
        design(one, Varied(arm=lacking, centre=other.centre, levels=other.levels)), Reading()
    )
    assert found.seeds == 2
    assert found.verdict == "insufficient"
    assert "pairs of runs are left after failures" in found.reasons[0]


def test_the_report_has_a_row_a_level(scored):
    scored(full_30=0.2, lora_30=0.5)
    found = tuple(factor_interactions(design(*BOTH), Reading()))
    (table,) = _interactions(SimpleNamespace(interactions=found, interactions_level=0.975))
    assert "beyond what it costs full" in table.title
    assert [row[:2] for row in table.rows] == [("lora", "noise 10"), ("lora", "noise 30")]
    assert str(table.rows[1][-1].text) == "costs it more"
