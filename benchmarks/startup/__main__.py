"""Start-up of the light verbs beside the start-up of the libraries that they leave alone.

    python -m benchmarks.startup [--fast] [--turns 7]

Whole processes are timed in turns, so that a busy machine slows all alike; printed are the median seconds of each,
those of the CPU, and the ratio to ``python -c "import torch"``. Exit 1 where a verb takes more CPU than the 0.35 s that
it may. The last two are what a run waits for before its first cell, and every cell on a card.
"""

import contextlib
import statistics
import sys
import tempfile

from tabulate import tabulate

from benchmarks import _machine
from benchmarks._turns import Taken, ended, in_turns

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
    "the training stack, plainly": ["-c", "import harness.execution.work"],
    "the training stack, as a worker imports it": [
        "-c",
        "from harness.execution.stack import import_stack; import_stack()",
    ],
}


def main() -> int:
    parser = _machine.parser(__doc__)
    parser.add_argument("--turns", type=int, help="processes of each (default: 7, with --fast 2)")
    options = parser.parse_args()
    print(_machine.described() + "\n", flush=True)
    taken = measured(options.turns or (2 if options.fast else 7))
    medians = {
        name: Taken(statistics.median(each.wall for each in turns), statistics.median(each.cpu for each in turns))
        for name, turns in taken.items()
    }
    torch = medians[REFERENCE].wall
    rows = [
        (name, f"{each.wall:.3f}", f"{each.cpu:.3f}", f"{torch / each.wall:.1f}x") for name, each in medians.items()
    ]
    headers = ["command", "seconds (median)", "CPU s", "times faster than torch"]
    print(tabulate(rows, headers=headers, disable_numparse=True))
    slow = [name for name, each in medians.items() if name.startswith("harness") and each.cpu > LIMIT]
    for name in slow:
        print(f"{name} takes more than {LIMIT} s")
    return 1 if slow else 0


def measured(turns: int) -> dict[str, list[Taken]]:
    """Return what each command took in every turn but the first, which only warms the page cache."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        found = in_turns(list(COMMANDS), lambda name: ended([sys.executable, *COMMANDS[name]]).taken, turns=turns + 1)
    return {name: each[1:] for name, each in found.items()}


if __name__ == "__main__":
    sys.exit(main())
