"""Whether the verdict in a bundle follows from its scores: they are judged anew, and what differs is named."""

import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.bundle.archive import unpack
from harness.compare.costs import costs_of
from harness.errors import BundleError, HarnessError
from harness.ledger import RunFolder
from harness.paths import file_sha256, read_record
from harness.verdict import judge_run
from harness.verdict.decision import decide

MANIFEST = "bundle.json"
CHECKSUMS = "SHA256SUMS"
FORMAT = 1
"""Version of a bundle; it changes when a file changes its meaning."""

ROUNDING = 1e-9
"""Relative difference of two numbers that other versions of numerical libraries may make."""
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a bundle was found to be: `sha256` is that of its file, `verdict` what its scores give, None for none.

    `differences` name what is not as it says, file by file and value by value. `rounding` names values of which the
    last digits differ alone, as another version of a library makes them. `kept_back` are suites without their items.
    """

    sha256: str
    run: str
    differences: tuple[str, ...]
    rounding: tuple[str, ...]
    kept_back: tuple[str, ...]
    verdict: dict[str, Any] | None

    @property
    def same(self) -> bool:
        """Whether everything is as the bundle says, last digits aside."""
        return not self.differences


def as_json(content: Any) -> bytes:
    """Return the bytes of a bundle's JSON file."""
    return (json.dumps(content, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n").encode()


def conclusions(run: RunFolder) -> dict[str, Any]:
    """Return what follows from a run's records, by file: its verdicts and what its recipes took."""
    verdicts, costs = judge_run(run), costs_of(run)
    decision = decide(verdicts.recommendation, costs, run.experiment.comparison.cost)
    return {"verdict.json": verdicts.to_json(), "costs.json": {**costs.to_json(), "decision": decision.to_json()}}


def verify(path: Path) -> Verified:
    """Unpack a bundle into a folder of its own, judge its scores and compare.

    Raises `BundleError` for what is not a bundle, or one of a later version.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        names = unpack(path, folder)
        manifest = _manifest(path, folder)
        wrong = list(_checksums(folder, names))
        found, differences, rounding = _judged(folder)
    return Verified(
        sha256=file_sha256(path),
        run=str(manifest.get("run")),
        differences=(*wrong, *differences),
        rounding=tuple(rounding),
        kept_back=tuple(sorted(map(str, manifest.get("kept_back") or ()))),
        verdict=found,
    )


def _manifest(path: Path, folder: Path) -> dict[str, Any]:
    try:
        manifest = read_record(folder / MANIFEST)
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not a bundle of harness: it has no {MANIFEST} that can be read.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        said = manifest.get("format") if isinstance(manifest, dict) else None
        raise BundleError(f"{path} is a bundle of format {said!r:.20}, and this version of harness reads {FORMAT}.")
    return manifest


def _checksums(folder: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield which files are not those that were packed, are missing, or were added."""
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        yield f"{CHECKSUMS} is missing"
        return
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sorted({*listed, *names} - {CHECKSUMS}):
        if name not in names:
            yield f"{name} is missing"
        elif name not in listed:
            yield f"{name} was added: it has no checksum"
        elif file_sha256(folder / name) != listed[name]:
            yield f"{name} was changed: its checksum is another"


def _judged(folder: Path) -> tuple[dict[str, Any] | None, list[str], list[str]]:
    """Return the verdict that the scores give, and where the bundle's files say otherwise."""
    try:
        said = {name: (folder / name).read_bytes() for name in ("verdict.json", "costs.json")}
        found = conclusions(RunFolder(folder))
    except OSError as error:
        return None, [f"{Path(error.filename or '').name} cannot be read ({error.strerror})"], []
    except HarnessError as error:
        return None, [f"the scores cannot be judged: {line}" for line in str(error).splitlines()], []
    wrong: list[str] = []
    rounding: list[str] = []
    for name, content in found.items():
        if as_json(content) != said[name]:
            for text, is_rounding in _compared(name, said[name], as_json(content)):
                (rounding if is_rounding else wrong).append(text)
    return found["verdict.json"], _some(wrong), _some(rounding)


def _compared(name: str, said: bytes, found: bytes) -> Iterator[tuple[str, bool]]:
    try:
        before = json.loads(said)
    except (ValueError, RecursionError):
        yield f"{name} is not JSON", False
        return
    places = list(differing("$", before, json.loads(found)))
    yield from ((f"{name}: {text}", rounding) for text, rounding in places)
    if not places:
        yield f"{name} says the same in other bytes", False


def differing(path: str, said: Any, found: Any) -> Iterator[tuple[str, bool]]:
    """Yield each place at which two JSON values differ, and whether only by rounding."""
    if isinstance(said, dict) and isinstance(found, dict):
        for key in sorted({*said, *found}):
            if key in said and key in found:
                yield from differing(f"{path}.{key}", said[key], found[key])
            else:
                yield f"{path}.{key} is {'there, and does not follow' if key in said else 'missing'}", False
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        for k, (one, other) in enumerate(zip(said, found, strict=True)):
            yield from differing(f"{path}[{k}]", one, other)
    elif type(said) is not type(found) or said != found:
        close = isinstance(said, float) and isinstance(found, float) and math.isclose(said, found, rel_tol=ROUNDING)
        yield f"{path} is {said!r:.60}, and the scores give {found!r:.60}", close


def _some(texts: list[str]) -> list[str]:
    more = [f"and {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return [*texts[:_SHOWN], *more]
