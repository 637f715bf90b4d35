"""The scorer beside lm-eval's HFLM on the same items."""

from typing import Any

from benchmarks._turns import in_turns
from benchmarks.gpu.shape import Shape
from benchmarks.scorer.engines import HARNESS, PLAIN, engines, once
from harness.sources.models import Loaded
from harness.spec.records import Suite
from harness.suites.examples import with_shots
from harness.suites.load import load_task

HEADERS = ("engine", "items/s", f"times {PLAIN}", "largest difference, nats", "same choice")
TURNS = 2


def compared(shape: Shape, *, task: str, items: int, batch: int, shots: int) -> list[tuple[Any, ...]]:
    """Return a line an engine, as `HEADERS` says, each the faster of its turns."""
    loaded = Loaded(shape.load().eval(), shape.tokenizer())
    asked = with_shots(load_task(task), Suite(task=task, role="in_domain", metric="acc", num_fewshot=shots))
    makers = engines(loaded, batch)
    found = in_turns([HARNESS, PLAIN], lambda name: once(makers[name](), asked, items), turns=TURNS)
    best = {name: min(runs, key=lambda each: each.taken.wall) for name, runs in found.items()}
    plain = best[PLAIN]
    return [
        (
            name,
            len(run.scores) / run.taken.wall,
            plain.taken.wall / run.taken.wall,
            run.apart(plain),
            f"{run.same_choices(plain)} of {len(run.scores)}",
        )
        for name, run in best.items()
    ]
