"""A third party's source of scores is asked whether it recognises a path, read into a table, and compared."""

import numpy as np
import pytest

from harness.compare import sources
from harness.compare.design import ScoredRun
from harness.compare.logs import design_of_logs
from harness.compare.sources import ScoreSource, read_tidy, score_source
from harness.compare.tidy import Score
from harness.errors import ComparisonError, PluginError
from harness.registry import Plugin
from harness.verdict import judge
from helpers.logs import arms
from helpers.runs import scored_run


class LineSource(ScoreSource):
    """A score a line, of one suite a file ending."""

    def recognises(self, path):
        return path.suffix == ".scores"

    def read(self, path):
        for suite in ("near", "far"):
            for number, text in enumerate(path.read_text().split()):
                yield Score(
                    model="m",
                    recipe=path.stem,
                    seed=None,
                    suite=suite,
                    role=None,
                    item=str(number),
                    cluster=f"c{number // 2}",
                    metric="acc",
                    score=float(text),
                )


class Unfinished(ScoreSource):
    pass


@pytest.fixture
def installed(monkeypatch):
    def install(name):
        plugin = Plugin("score_sources", "lines", f"{__name__}:{name}", "tiny", "1.0")
        monkeypatch.setattr(Plugin, "load", lambda _self: globals()[name])
        monkeypatch.setattr(sources, "plugins", lambda _kind: {"lines": plugin})

    return install


def written(folder, arm, seed, scores):
    path = folder / f"{arm}{seed}.scores"
    path.write_text("\n".join(map(str, scores)))
    return path


def test_its_scores_are_compared_like_anyones(installed, tmp_path):
    installed("LineSource")
    rng = np.random.default_rng(1)
    rows = {arm: rng.random((3, 60)) * 0.2 + offset for arm, offset in (("full", 0.6), ("lora", 0.4))}
    paths = {arm: [written(tmp_path, arm, k, row) for k, row in enumerate(each)] for arm, each in rows.items()}
    verdicts = judge(
        design_of_logs(
            reference=paths["full"],
            candidates={"lora": paths["lora"]},
            in_domain=["near"],
            out_of_domain=["far"],
            metric="acc",
        )
    )
    (found,) = verdicts.comparisons
    assert found.gap_in.estimate == pytest.approx(float(np.mean(rows["full"] - rows["lora"])))
    assert (found.items_in, found.units_in) == (60, 30)
    assert found.verdict == "persists, unchanged"


def test_what_it_lacks_is_said(installed, tmp_path):
    installed("LineSource")
    path = written(tmp_path, "full", 1, [0.5, 0.25])
    for task, metric, message in (("else", "acc", "it has far, near"), ("near", "em", "it has acc")):
        with pytest.raises(ComparisonError, match=message):
            score_source(path).read_suite(ScoredRun(folder=path), task, metric, cluster=None, newest=True)


def test_our_own_formats_are_asked_first(installed, tmp_path, tiny_spec):
    installed("Unfinished")
    full, _ = arms(tmp_path, ("near",), np.random.default_rng(1))
    assert len(list(read_tidy(full[0]))) == 60
    assert len(list(read_tidy(scored_run(tmp_path / "run", tiny_spec).folder))) == 90


def test_one_that_does_not_keep_the_contract_is_named(installed, tmp_path):
    installed("Unfinished")
    with pytest.raises(PluginError, match=r"`lines` of tiny .* lacks the method read and recognises"):
        score_source(tmp_path)
    installed("written")
    with pytest.raises(PluginError, match=r"`lines` of tiny .* is not a subclass of .*ScoreSource"):
        score_source(tmp_path)


def test_a_path_that_nothing_recognises_is_refused_with_the_formats_that_are_known(installed, tmp_path):
    installed("LineSource")
    with pytest.raises(
        ComparisonError, match=r"holds no scores in a format that is known: lm-eval's .*`lines` of tiny"
    ):
        read_tidy(tmp_path)


def test_a_run_folder_is_not_one_arm(tmp_path, tiny_spec):
    folder = scored_run(tmp_path / "run", tiny_spec).folder
    design = design_of_logs(reference=[folder], candidates={"x": [tmp_path]}, in_domain=["sums"], metric="acc")
    with pytest.raises(ComparisonError, match="holds scores of 5 trained models"):
        judge(design)
