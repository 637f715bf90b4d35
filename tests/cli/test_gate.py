"""``harness compare --gate`` for one run: beside a run folder's seeds or logs, checkpoint against checkpoint."""

import json

import numpy as np
import pytest

from harness.cli import main
from helpers.logs import arms, line, write
from helpers.runs import scored_run


def folders(root, gap, *, seeds=5, items=3000):
    """A baseline's seeds and one run, on one task by a score between 0 and 1 of little noise."""
    rng = np.random.default_rng(4)
    easy = 0.5 + 0.1 * rng.standard_normal(items)
    found = []
    for k, lost in enumerate([*(0.0 for _ in range(seeds)), gap]):
        folder = root / f"run-{k}"
        scores = easy - lost + 0.003 * rng.standard_normal() + 0.02 * rng.standard_normal(items)
        write(folder, "near", [line(i, float(score), "answer_margin") for i, score in enumerate(scores)])
        found.append(folder)
    return found[:-1], found[-1]


def command(baseline, new, *more):
    suites = ["--in-domain", "near", "--metric", "answer_margin", "--sesoi", "0.05"]
    return ["compare", "--baseline", *map(str, baseline), "--candidate", str(new), *suites, *more]


@pytest.mark.parametrize(("gap", "code", "word"), [(0.0, 0, "passed"), (0.2, 1, "rejected"), (0.05, 2, "inconclusive")])
def test_one_run_passes_fails_or_is_inconclusive(tmp_path, capsys, gap, code, word):
    assert main(command(*folders(tmp_path, gap), "--gate", "not-worse")) == code
    out = capsys.readouterr().out
    assert f"gate {word}: candidate on near" in out
    assert "Assumed, since one run cannot show it: candidate varies between seeds as reference does" in out


def test_what_is_inconclusive_says_what_it_takes(tmp_path, capsys):
    baseline, new = folders(tmp_path, 0.0, seeds=2)
    assert main(command(baseline, new, "--gate", "drop:0.02")) == 2
    assert "To pass four times in five" in capsys.readouterr().out


def test_the_rulings_as_json(tmp_path, capsys):
    assert main(command(*folders(tmp_path, 0.0), "--gate", "not-worse,threshold:0.4", "--json")) == 0
    content = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in content["rulings"]] == [0, 0]
    assert content["scope"] == "recipe"


def test_one_checkpoint_against_one_speaks_of_no_recipe(tmp_path, capsys):
    (old, *_), new = folders(tmp_path, 0.0)
    assert main(command([old], new, "--gate", "not-worse", "--scope", "checkpoint")) == 0
    assert "nothing is said of a recipe" in capsys.readouterr().out


def test_one_run_beside_the_seeds_of_a_run_folder(tmp_path, tiny_spec, capsys):
    run = scored_run(tmp_path / "run", tiny_spec, items=60, gap=0.0)
    other = scored_run(tmp_path / "new", tiny_spec, items=60, gap=0.0)
    cell = next(other.cell_folder(cell) for cell in other.cell_ids if cell.startswith("lora"))
    words = ["compare", "--baseline", str(run.folder), "--candidate", str(cell), "--gate", "threshold:0.05"]
    assert main(words) == 0
    assert "beside 2 seeds of full--default" in capsys.readouterr().out
    assert main([*words, "--recipe", "nobody"]) == 64
    assert "compares no recipe 'nobody'" in capsys.readouterr().err


def test_rules_with_a_number_hold_for_paired_seeds_too(tmp_path, capsys):
    full, lora = arms(tmp_path, ("near",), np.random.default_rng(3), items=400, gaps=(0.4,))
    words = ["compare", "--reference", *map(str, full), "--candidate", *map(str, lora)]
    words += ["--in-domain", "near", "--metric", "acc", "--gate"]
    assert main([*words, "threshold:0.5"]) == 1
    assert main([*words, "threshold:0.05"]) == 0
    assert main([*words, "drop:50%,not-worse"]) == 1
    assert "gate rejected" in capsys.readouterr().out


def test_a_single_seed_says_what_would_make_its_rule_passable(tmp_path, capsys):
    full, lora = arms(tmp_path, ("near",), np.random.default_rng(3), seeds=1)
    words = ["compare", "--reference", *map(str, full), "--candidate", *map(str, lora)]
    assert main([*words, "--in-domain", "near", "--metric", "acc", "--gate"]) == 2
    assert "--scope checkpoint" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--gate", "best,drop:0"], "there is no rule 'best'"),
        (["--gate", "best,drop:0"], "a drop is above 0"),
        (["--reference", "x"], "--baseline stands in place of"),
        (["--recipe", "lora"], "--recipe names one of a run folder"),
        (["--scope", "checkpoint"], "judges one checkpoint against one, got 5 and 1"),
        (["--gate", "threshold:far=0.5"], "threshold:far=0.5 has no suite to rule on; compared are: near"),
    ],
)
def test_what_cannot_be_ruled_on_is_told(tmp_path, capsys, words, said):
    assert main(command(*folders(tmp_path, 0.0, items=40), *words)) == 64
    assert said in capsys.readouterr().err


def test_a_baseline_of_one_seed_is_too_little(tmp_path, capsys):
    (old, *_), new = folders(tmp_path, 0.0, items=40)
    assert main(command([old], new, "--gate")) == 64
    assert "a variance between seeds takes two" in capsys.readouterr().err


def test_one_run_has_no_page_and_that_is_said(tmp_path, capsys):
    assert main(command(*folders(tmp_path, 0.0), "--html", str(tmp_path / "page.html"))) == 64
    assert "--html: checkpoints and a run beside a baseline have no page" in capsys.readouterr().err
