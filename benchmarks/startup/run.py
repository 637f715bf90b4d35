"""Start-up of the light verbs beside the start-up of the libraries that they leave alone.

``python benchmarks/startup/run.py [--repeat N]`` times whole processes, alternating so that a busy machine slows
all alike, and prints the median seconds of each and its ratio to ``python -c "import torch"``. Exit 1 where a verb
takes more than the 0.35 s that it may.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time

from tabulate import tabulate

LIMIT = 0.35
REFERENCE = 'python -c "import torch"'
COMMANDS = {
    REFERENCE: ["-c", "import torch"],
    'python -c "import transformers"': ["-c", "import transformers"],
    'python -c "import lm_eval"': ["-c", "import lm_eval"],
    'python -c "pass"': ["-c", "pass"],
    "harness --help": ["-m", "harness", "--help"],
    "harness validate gap": ["-m", "harness", "validate", "gap"],
    "harness ls": ["-m", "harness", "ls", "."],
}


def seconds(words: list[str], folder: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(repeat: int) -> dict[str, float]:
    """Return the median wall seconds of each command; the first round only warms the page cache."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeat + 1):
            for name, words in COMMANDS.items():
                taken[name].append(seconds(words, folder))
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7)
    medians = measure(parser.parse_args().repeat)
    rows = [(name, f"{each:.3f}", f"{medians[REFERENCE] / each:.1f}x") for name, each in medians.items()]
    print(tabulate(rows, headers=["command", "seconds (median)", "times faster than torch"], disable_numparse=True))
    slow = [name for name, each in medians.items() if name.startswith("harness") and each > LIMIT]
    for name in slow:
        print(f"{name} takes more than {LIMIT} s")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
