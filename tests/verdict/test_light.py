"""Judging logs stays light: `scipy.stats`, which takes two seconds to import, is left alone where nothing failed."""

import subprocess
import sys

import numpy as np

from helpers.logs import arms

PROGRAM = """
import sys
from harness.cli import main
code = main(sys.argv[1:])
heavy = [name for name in ("scipy.stats", "torch", "transformers", "pandas") if name in sys.modules]
sys.exit(f"exit code {code}, loaded {heavy}" if code or heavy else 0)
"""


def test_comparing_logs_with_all_that_a_missed_verdict_would_take_does_not_import_scipy_stats(tmp_path):
    full, lora = arms(tmp_path, ("near", "far"), np.random.default_rng(3), gaps=(0.1, 0.1))
    words = ["compare", "--reference", *full, "--candidate", *lora, "--metric", "acc"]
    words += ["--in-domain", "near", "--out-of-domain", "far"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "What it would take" in done.stdout
