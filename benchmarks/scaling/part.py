"""One part of what a run costs beside training and scoring, in a process of its own, so that its memory is its own.

``python -m benchmarks.scaling.part PART FOLDER RECIPES SEEDS ITEMS`` prints its wall and CPU seconds as JSON, imports
left out. Parts: ``write`` makes the files, ``record`` writes the outcomes of all cells, ``read`` reads them, ``judge``
compares and writes verdict and report.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import harness
from benchmarks._turns import Clock
from benchmarks.scaling import fabricated
from benchmarks.scaling.fabricated import Size
from harness import ledger
from harness.ledger import RunFolder


def write(folder: Path, size: Size) -> None:
    fabricated.written(size, folder)


def record(folder: Path, _size: Size) -> None:
    run = ledger.read(folder)
    for outcome in fabricated.outcomes(run.experiment):
        run.write_outcome(outcome)


def read(folder: Path, size: Size) -> None:
    assert len(RunFolder(folder).outcomes) == size.cells


def judge(folder: Path, _size: Size) -> None:
    harness.report(folder)


PARTS: dict[str, Callable[[Path, Size], None]] = {"write": write, "record": record, "read": read, "judge": judge}


def main(part: str, folder: str, *size: str) -> None:
    import harness.compare.summaries
    import harness.report.documents
    import harness.verdict  # noqa: F401 - what a light verb imports when it is asked is not what grows

    clock = Clock()
    PARTS[part](Path(folder), Size(*map(int, size)))
    print(json.dumps(asdict(clock.taken)))


if __name__ == "__main__":
    main(*sys.argv[1:])
