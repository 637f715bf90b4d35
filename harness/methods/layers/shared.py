"""What layers are ranked by, measured once for all recipes of a run that ask the same.

Numbers by layer, as a gradient's norms, do not depend on how many layers are chosen by them. They are kept in a file
that is named by all that decides them to the last bit, appears whole, and holds the SHA-256 of what it says. Whoever
comes while another measures waits for the file; where that other ends without one, or folders cannot be locked, it
measures for itself and comes to the same.
"""

import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.codec import JSON
from harness.ledger.artefacts import SealError, read_sealed, seal, write_sealed
from harness.ledger.claims import Claims

FOLDER = "probes"
"""Where they lie in a run folder."""

VERSION = 1
"""Counted up when the same is measured otherwise."""

_DIGITS = 32

Measure = Callable[[], Sequence[float]]
"""Measures one finite number a layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One number a layer, and the seconds that measuring took, here or, where they are `shared`, where they were."""

    values: tuple[float, ...]
    seconds: float
    shared: bool = False
    notes: tuple[str, ...] = ()


class SharedProbes:
    """What layers of one model are ranked by, in a run folder.

    `model` says what decides the model's numbers: weights, dtype, quantization, machine, versions of libraries.
    """

    def __init__(self, run_folder: Path, model: Mapping[str, JSON]) -> None:
        self._folder = run_folder / FOLDER
        self._claims = Claims(run_folder)
        self._model = model

    def measured(self, asked: Mapping[str, JSON], measure: Measure) -> Measured:
        """Return what was measured before for what is `asked` of the model, or measure it and keep it.

        A file that is not what was written is named in the notes, not used, and replaced; one that cannot be written is
        a note too.
        """
        identity = json.loads(json.dumps({"model": self._model, "asked": asked, "version": VERSION}))
        key = seal(identity)[:_DIGITS]
        with contextlib.ExitStack() as held:
            with contextlib.suppress(OSError, NotImplementedError):
                held.enter_context(self._claims.alone(f"probe--{key}"))
            return self._read_or_made(self._folder / f"{key}.json", identity, measure)

    def _read_or_made(self, path: Path, identity: Mapping[str, JSON], measure: Measure) -> Measured:
        notes: list[str] = []
        try:
            if path.exists():
                return _read(path, identity)
        except ValueError as error:
            notes.append(f"measured again: {error}")
        made = timed(measure)
        said = {**identity, "values": list(made.values), "seconds": made.seconds}
        try:
            write_sealed(path, said)
        except OSError as error:
            notes.append(f"not kept for other recipes: {path.parent} takes no more ({error})")
        return Measured(values=made.values, seconds=made.seconds, notes=tuple(notes))


def timed(measure: Measure) -> Measured:
    """Measure here, for nobody else."""
    start = time.perf_counter()
    values = tuple(map(float, measure()))
    return Measured(values=values, seconds=time.perf_counter() - start)


def _read(path: Path, identity: Mapping[str, JSON]) -> Measured:
    """Return what a file holds. Raises ValueError, with its name, where it is not what was written."""
    try:
        said = read_sealed(path)
        values, seconds = said["values"], said["seconds"]
    except SealError as error:
        raise ValueError(f"{path.name} does not hold what its checksum says") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error
    if said != {**identity, "values": values, "seconds": seconds}:
        raise ValueError(f"{path.name} answers another question than its name says")
    return Measured(values=tuple(values), seconds=seconds, shared=True)
