"""Scores in a third party's format are compared by the command line like lm-eval's own."""

import json

import numpy as np

from harness.cli import main


def test_tables_are_compared(tmp_path, capsys):
    rng, folders = np.random.default_rng(1), {}
    for arm, level in (("full", 0.9), ("lora", 0.3)):
        folders[arm] = [tmp_path / f"{arm}{seed}.csv" for seed in (1, 2, 3)]
        for file in folders[arm]:
            lines = [f"{item},{suite},{int(rng.random() < level)}" for suite in ("near", "far") for item in range(150)]
            file.write_text("\n".join(["item,suite,acc", *lines]))
    words = ["--in-domain", "near", "--out-of-domain", "far", "--metric", "acc", "--json"]
    arms = ["--reference", *folders["full"], "--candidate", *folders["lora"]]
    assert main(["compare", *map(str, arms), *words]) == 0
    (found,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert found["verdict"] == "persists"
    assert found["items_in"] == 150


def test_a_damaged_table_is_named_with_its_line(tmp_path, capsys):
    for name, score in (("full", 1), ("lora", "")):
        (tmp_path / f"{name}.csv").write_text(f"item,suite,acc\n1,near,{score}\n")
    arms = ["--reference", str(tmp_path / "full.csv"), "--candidate", str(tmp_path / "lora.csv")]
    assert main(["compare", *arms, "--in-domain", "near", "--metric", "acc"]) == 64
    assert f"{tmp_path / 'lora.csv'}:2: '' is not a number" in capsys.readouterr().err
