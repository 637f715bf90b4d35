"""Use harness where its own dependencies alone are installed: ``python tests/light.py``, run by ``tests/light.sh``.

Every verb that must work there is called on stand-in logs, written into the current folder, and on a finished run.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from helpers.logs import arms

ABSENT = ("accelerate", "bitsandbytes", "datasets", "lm_eval", "pandas", "peft", "rich", "torch", "transformers", "trl")
FINISHED = Path(__file__).parent / "ledger" / "fixtures" / "run-of-version-1"
FAR = ("--out-of-domain", "far")
NOT_INSTALLED = 64
REJECTED = 1


def harness(*words, code=0):
    """Call a verb, hold it to its exit code and return what it prints."""
    done = subprocess.run([sys.executable, "-m", "harness", *words], capture_output=True, text=True, check=False)
    assert done.returncode == code, (
        f"harness {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def compared(folder, gap, *more, code=0):
    """Write three seeds a side, with a gap in the first of two tasks, and compare them."""
    full, lora = arms(folder, ("near", "far"), np.random.default_rng(3), items=200, gaps=(gap, gap))
    sides = ["--reference", *map(str, full), "--candidate", *map(str, lora)]
    return harness(
        "compare", *sides, "--in-domain", "near", "--out-of-domain", "far", "--metric", "acc", *more, code=code
    )


def table(rng):
    """Yield the lines of a table of two arms, three seeds each."""
    yield "arm,seed,suite,item,score"
    for arm, level in (("full", 0.9), ("lora", 0.3)):
        for suite in ("near", "far"):
            yield from (f"{arm},{k % 3},{suite},i{k // 3},{int(rng.random() < level)}" for k in range(600))


def main():
    """Call every light verb, and one that says what it lacks."""
    assert [name for name in ABSENT if find_spec(name)] == []
    os.environ["HARNESS_STATE"] = str(Path("state").resolve())  # what is trusted here is remembered here
    assert "gap: ok (experiment)" in harness("validate", "gap", "quick", "lora--last-half")
    assert "k8s_qa" in harness("tasks")
    assert "lora--last-half" in harness("adapters", "--json")
    assert "properties" in harness("schema", "verdict")
    assert '"fraction": 0.5' in harness("show", "lora--last-half")
    assert "harness run mine/mine.json" in harness("init", "mine")
    assert "mine.json: ok (experiment)" in harness("validate", "mine/mine.json")
    Path("runs").mkdir()
    assert "no runs in runs" in harness("ls")
    assert "gate rejected" in compared(Path("worse"), 0.4, "--gate", "not-worse-in-domain", code=REJECTED)
    assert "gate passed" in compared(Path("better"), -0.1, "--gate", "not-worse-in-domain")
    Path("scores.csv").write_text("\n".join(table(np.random.default_rng(1))), encoding="utf-8")
    assert "PERSISTS" in harness(
        "compare", "scores.csv", "--reference", "full", "--in-domain", "near", "--sesoi", "0.02", *FAR
    )
    finished = shutil.copytree(FINISHED, Path("runs", "finished"))
    assert "finished" in harness("ls")
    assert "done" in harness("ls", str(finished))
    assert "verdict" in harness("report", str(finished))
    assert "Both declare the same." in harness("report", str(finished), "--against", str(finished))
    assert "comparisons" in harness("compare", str(finished), "--json")
    assert "SHA-256" in harness("bundle", str(finished), "--out", "finished.bundle.tar.xz")
    assert "the same: its scores give its verdict" in harness("verify", "finished.bundle.tar.xz")
    assert "verdict" in harness("report", "finished.bundle.tar.xz")
    Path("old.txt").write_text("how does a pod restart\n" * 12, encoding="utf-8")
    Path("new.txt").write_text("what is the tax on a bond\n" * 12, encoding="utf-8")
    assert "Look again" in harness("compare", "--inputs", "old.txt", "new.txt")
    program = f"import harness; print(harness.load_run({str(finished)!r}).scores()[:5])"
    subprocess.run([sys.executable, "-c", program], check=True)
    said = harness("run", "gap", code=NOT_INSTALLED)
    assert said.count("\n") == 1, said
    assert "pip install -c constraints.txt '.[run]'" in said
    print("the light installation validates, lists, compares, gates and reports, and says what training takes")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
