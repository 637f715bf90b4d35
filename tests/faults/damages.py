"""Artefacts of a run folder flipped, cut, emptied, deleted and worse, and the same command again over what is left.

Each ends rightly if the verdict has the undamaged run's bytes, or if the command says which file or cell is damaged and
exits with another code than 0: never another number with exit code 0, never a traceback.
"""

import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from faults.grid import FAULTS, RUN, Grid, Told, ran, report, uncaught
from harness.ledger import RunFolder

CELL = "lora--tiny--s1--*"
OTHER = "lora--tiny--s2--*"

KINDS = {
    "lock": "spec.lock.json",
    "journal": "journal.jsonl",
    "prepared": "prepared.json",
    "threads": "claims/threads.json",
    "unit": "{cell}/unit.json",
    "result": "{cell}/result.json",
    "training": "{cell}/training.json",
    "evaluation": "{cell}/eval/sums--*/evaluation.json",
    "samples": "{cell}/eval/sums--*/samples_*.jsonl",
    "results": "{cell}/eval/sums--*/results_*.json",
    "adapter": "{cell}/adapter/adapter_model.safetensors",
    "adapter_config": "{cell}/adapter/adapter_config.json",
}
"""The artefacts that a run reads again, by kind: where each lies in a run folder."""

State = Literal["finished", "trained", "scored"]
STATES: dict[State, tuple[str, ...]] = {
    "finished": (),
    "trained": ("result.json", "eval"),
    "scored": ("result.json", "eval/sums_far--*"),
}
"""What is removed of the damaged cell before, so that the same command has something left to do with the artefact."""

CASES: tuple[tuple[str, State], ...] = (
    *((kind, "finished") for kind in KINDS),
    ("training", "trained"),
    ("adapter", "trained"),
    ("adapter_config", "trained"),
    ("unit", "trained"),
    ("evaluation", "scored"),
    ("samples", "scored"),
    ("results", "scored"),
    ("training", "scored"),
)


def _at(share: float) -> Callable[[bytes, random.Random], bytes]:
    def flipped(content: bytes, rng: random.Random) -> bytes:
        at = min(int(share * len(content)), len(content) - 1)
        return content[:at] + bytes([content[at] ^ (1 << rng.randrange(7))]) + content[at + 1 :]

    return flipped


def _kept(share: float) -> Callable[[bytes, random.Random], bytes]:
    return lambda content, _: content[: int(share * len(content))]


def _digit(share: float) -> Callable[[bytes, random.Random], bytes]:
    """Change a digit, so that what is read is whole and says another number."""

    def changed(content: bytes, rng: random.Random) -> bytes:
        places = [each.start() for each in re.finditer(rb"[0-9]", content)] or [0]
        at = places[min(int(share * len(places)), len(places) - 1)]
        new = rng.choice([digit for digit in b"0123456789" if digit != content[at]])
        return content[:at] + bytes([new]) + content[at + 1 :]

    return changed


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes] | None] = {
    **{f"flipped at {share}": _at(share) for share in (0, 0.25, 0.5, 0.75, 1)},
    **{f"cut to {share}": _kept(share) for share in (0.01, 0.25, 0.5, 0.75)},
    "cut by a byte": lambda content, _: content[:-1],
    "cut by two bytes": lambda content, _: content[:-2],
    "emptied": lambda *_: b"",
    "zeros": lambda content, _: bytes(len(content)),
    "zeros at the end": lambda content, _: content[: len(content) // 2] + bytes(len(content) - len(content) // 2),
    **{f"a digit at {share}": _digit(share) for share in (0, 0.3, 0.6, 1)},
    "zeros behind": lambda content, _: content + bytes(512),
    "twice": lambda content, _: content * 2,
    "null": lambda *_: b"null",
    "[]": lambda *_: b"[]",
    "{}": lambda *_: b"{}",
    "brackets": lambda *_: b"[" * 100_000,
    "deleted": None,
    "a folder": None,
    "another cell's": None,
}


@dataclass(frozen=True)
class Damage:
    """A damage to the artefact of a kind, of a run in a state."""

    kind: str
    damage: str
    state: State


def damages(count: int | None = None, seed: int = 0) -> list[Damage]:
    """Return every damage to every artefact, or as many drawn from them."""
    found = [Damage(kind, damage, state) for kind, state in CASES for damage in DAMAGES]
    return found if count is None else random.Random(seed).sample(found, min(count, len(found)))


def tried(grid: Grid, damage: Damage, folder: Path) -> Told:
    """Damage a copy of the undisturbed run below an empty folder, and run the same command there in this process."""
    run = folder / RUN
    shutil.copytree(grid.folder / RUN, run)
    target = _prepared(run, damage)
    before = _work(run)
    code, printed = ran(grid, run)
    outcome = _outcome(grid, run, target, code, printed, nothing_done=_work(run) == before)
    logged = (run / "log.txt").read_text("utf-8", "replace")[-1500:] if outcome in FAULTS else ""
    return Told(damage, outcome, f"exit code {code}\n{printed}{logged}")


def _prepared(run: Path, damage: Damage) -> Path:
    """Bring the run into the state, then damage it; return what was damaged."""
    (cell,) = run.glob(f"cells/{CELL}")
    for pattern in STATES[damage.state]:
        for each in list(cell.glob(pattern)):
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    pattern = KINDS[damage.kind]
    (target,) = run.glob(pattern.format(cell=f"cells/{CELL}"))
    rng = random.Random(f"{damage}")
    change = DAMAGES[damage.damage]
    if change is not None:
        target.write_bytes(change(target.read_bytes(), rng))
        return target
    others = list(run.glob(pattern.format(cell=f"cells/{OTHER}"))) if "{cell}" in pattern else [run / "verdict.json"]
    taken = others[0].read_bytes()
    target.unlink()
    if damage.damage == "a folder":
        target.mkdir()
    elif damage.damage == "another cell's":
        target.write_bytes(taken)
    return target


def _work(run: Path) -> list[str]:
    """Return the cells that began, as often as they did."""
    return [event["cell"] for event in RunFolder(run).journal.events() if event.get("event") == "began"]


def _outcome(grid: Grid, run: Path, target: Path, code: int, printed: str, *, nothing_done: bool) -> str:
    if uncaught(printed):
        return "traceback"
    cell = CELL.strip("*")
    named = target.name in printed or any(part in printed for part in target.parts if part.startswith(cell))
    if code != 0:
        return "named" if named else "unnamed"
    if (run / "verdict.json").read_bytes() != grid.verdict:
        return "named" if target.name in printed and "NOT COMPARED" in printed else "silent"
    if nothing_done:
        return "right" if report(printed) == report(grid.printed) else "silent"
    return "healed"
