"""The benchmark of a card, on the CPU and a small model: that the command works where the card is."""

import sys

import pytest

pytestmark = pytest.mark.real


def test_every_part_runs_and_the_engines_agree(monkeypatch, capsys):
    from benchmarks.gpu import __main__ as benchmark

    words = ["--device", "cpu", "--dtype", "float32", "--fast", "--methods", "lora--last-half"]
    monkeypatch.setattr(sys, "argv", ["gpu", *words])
    benchmark.main()
    printed = capsys.readouterr().out
    cells = [line for line in printed.splitlines() if " done " in line]
    assert len(cells) == 5, printed
    losses = {line.split()[-1] for line in printed.splitlines() if line.startswith("lora--last-half ")}
    assert len(losses) == 1, printed
    assert "8 of 8" in printed
