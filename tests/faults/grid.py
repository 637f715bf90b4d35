"""The stand-in grid on which faults are tried: five cells in seconds, and what a run of it that nothing disturbs gives.

Commands are the real one, ``python -m harness run``, with workers that are processes.
"""

import contextlib
import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from harness.cli import main
from harness.ledger import RunFolder
from harness.testing.tiny import write_tiny_tokenizer
from harness.testing.tiny_spec import write_tiny_spec
from helpers.commands import ended, start

NAME = "tiny"
SECRETS = {
    "HF_TOKEN": "hf_of-nobody-else",
    "AWS_SECRET_ACCESS_KEY": "key-of-nobody-else",
    "MY_OWN": "words-of-nobody-else",
}
"""What stands in the environment of the undisturbed run, and in none of its files."""
RUN = Path("runs") / NAME
STEPS = 12


FAULTS = ("traceback", "silent", "unnamed", "lost", "stuck", "outside")
"""How a fault may not end."""


@dataclass(frozen=True)
class Told:
    """How an injected fault ended: in a word, one of FAULTS where that is wrong; and what shows it."""

    fault: object
    outcome: str
    shown: str = ""

    @property
    def wrong(self) -> bool:
        """Whether it may not end so."""
        return self.outcome in FAULTS


@dataclass(frozen=True)
class Grid:
    """A folder, the spec of a name that ran in it undisturbed, and that run's verdict and report."""

    folder: Path
    spec: Path
    verdict: bytes
    printed: str

    @property
    def name(self) -> str:
        return self.spec.stem


def _tiny(folder: Path) -> Path:
    """Write the stand-in's spec, with checkpoints as often as a twentieth of the time allows: kills meet them too."""
    spec = write_tiny_spec(folder, write_tiny_tokenizer(folder / "tokenizer"))
    said = json.loads(spec.read_text(encoding="utf-8"))
    said["execute"] = {"checkpoint_minutes": 1e-6}
    said["training"]["max_steps"] = STEPS
    spec.write_text(json.dumps(said), encoding="utf-8")
    return spec


def make_grid(folder: Path, spec: Path | None = None) -> Grid:
    """Write the spec into an empty folder, or take one, and run it there once with nothing in its way."""
    folder.mkdir(parents=True, exist_ok=True)
    spec = spec or _tiny(folder)
    done = ended(start(spec, folder, **SECRETS), timeout=3600)
    assert done.code == 0, done.err
    return Grid(folder, spec, (folder / "runs" / spec.stem / "verdict.json").read_bytes(), done.out)


def ran(grid: Grid, run: Path, *options: str) -> tuple[int, str]:
    """Run the grid's command into a folder, in this process and with its workers; return exit code and output."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(["run", str(grid.spec), "--out", str(run), *options])
    return code, said.getvalue()


def uncaught(printed: str) -> list[str]:
    """Return the words in what a command printed that no user may see."""
    return [word for word in ("Traceback", "a bug in harness") if word in printed]


def report(printed: str) -> str:
    """Return a report without what was said while the run went on and without its last line, which names folders."""
    return printed[printed.index("\n\n") :].rpartition("\n\n")[0] if "\n\n" in printed else printed


def losses(grid: Grid, run: Path) -> list[str]:
    """Say what a run that has ended lost, or did twice, or has otherwise than the undisturbed one."""
    return lost(grid, run) + repeated(RunFolder(run))


def lost(grid: Grid, run: Path) -> list[str]:
    """Say what a run that has ended lost, or has otherwise than the undisturbed one."""
    ledger = RunFolder(run)
    found = []
    if (run / "verdict.json").read_bytes() != grid.verdict:
        found.append("the verdict is not the undisturbed run's")
    if len(ledger.outcomes) != len(ledger.cell_ids):
        found.append(f"lost: {len(ledger.cell_ids) - len(ledger.outcomes)} of {len(ledger.cell_ids)} cells")
    return found


def repeated(ledger: RunFolder, *, in_order: bool = True) -> list[str]:
    """Say which cells began again after they had finished, and which suites were scored more than once.

    Events of several processes are in order of their clocks: where these differ, what came after what is not known.
    """
    found, finished = [], set()
    scored: Counter[tuple[str, str]] = Counter()
    for event in ledger.journal.events():
        match event["event"]:
            case "finished":
                finished.add(event["cell"])
            case "began" if in_order and event["cell"] in finished:
                found.append(f"repeated: {event['cell']} had finished")
            case "evaluated":
                scored[event["cell"], event["key"]] += 1
    return found + [f"scored {times} times: {cell}, {key}" for (cell, key), times in scored.items() if times > 1]


def note(file: Path, fault: object) -> None:
    """Add a fault to the file from which it can be replayed; before it is injected, so that a crash loses none."""
    with file.open("a", encoding="utf-8") as opened:
        opened.write(json.dumps(fault) + "\n")
