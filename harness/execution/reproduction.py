"""A run that is to be made again from its lock: what must agree with it is refused at once, what may differ is said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import __version__
from harness.codec import encode
from harness.errors import LedgerError
from harness.ledger.hardware import code, hardware
from harness.ledger.lock import Hashes, Lock, Reproduction, read_lock_file
from harness.ledger.presence import differences
from harness.paths import file_sha256
from harness.plan.content import Content
from harness.preflight.prepared import Prepared
from harness.records import Fit
from harness.spec.files import label
from harness.spec.locked import comparable
from harness.spec.records import Experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A lock file that a run is held to, as it was read, and its SHA-256."""

    file: Path
    sha256: str
    lock: Lock

    @property
    def experiment(self) -> Experiment:
        """Its experiment. Raises `LedgerError` where the lock holds none that can be run."""
        found = self.lock.experiment
        if found is None or self.lock.hashes is None:
            raise LedgerError(f"{self.file} says too little to make its run again: it has no experiment, or no hashes.")
        if found.searches_alone:
            raise LedgerError(f"{self.file} is of a search alone, which its spec makes again: there is no run in it.")
        return found

    def held(self, experiment: Experiment, prepared: Prepared) -> Reproduction:
        """Return how a run differs where it may. Raises `LedgerError` with everything in which it must not."""
        wrong = list(_contrary(self, experiment, prepared))
        if wrong:
            listed = "\n".join(f"  {each}" for each in wrong)
            raise LedgerError(
                f"{label(self.file)} cannot be reproduced here, {len(wrong)} of what must agree differ:\n{listed}\n"
                "Bring what is missing (--include-path names folders with tasks and data), or run the spec itself, "
                "which then is another run."
            )
        return Reproduction(
            lock=self.file.name, sha256=self.sha256, differing=tuple(_besides(self.lock, experiment, prepared))
        )


def original(lock: Path) -> Original:
    """Return the lock that a file holds, or that of a run folder. Raises `LedgerError` where it cannot be read."""
    found, file = read_lock_file(lock)
    return Original(file=file, sha256=file_sha256(file), lock=found)


def hashes(experiment: Experiment, content: Content) -> Hashes:
    """Return the digests that a lock has of what an experiment is made from."""
    listed = [(arm.name, place, each) for arm in experiment.arms for place, each in enumerate(arm.weights, 1)]
    return Hashes(
        model=content.model,
        tokenizer=content.tokenizer,
        data=content.rows,
        stages=content.stages,
        suites=content.suites,
        weights={f"{arm}, {place}": content.weights[each.key] for arm, place, each in listed},
    )


def _contrary(original: Original, experiment: Experiment, prepared: Prepared) -> Iterator[str]:
    """Yield in what the run would be another, one difference a line."""
    lock = original.lock
    assert lock.hashes is not None
    yield from _differing(_digests(lock.hashes), _digests(hashes(experiment, prepared.content)))
    if lock.rows is not None:
        yield from _differing({"training rows": lock.rows}, {"training rows": prepared.rows})
    if lock.items:
        yield from _differing(_named("items of", lock.items), _named("items of", prepared.items))
    yield from differences(comparable(original.experiment), comparable(experiment))


def _besides(lock: Lock, experiment: Experiment, prepared: Prepared) -> Iterator[str]:
    """Yield in what the run is computed otherwise: by other versions or code, or on another machine."""
    yield from differences(dict(lock.versions), {"harness": __version__, **prepared.versions})
    assert lock.experiment is not None
    yield from differences({"plug-ins": _plugins(lock.experiment)}, {"plug-ins": _plugins(experiment)})
    machine = {"device": lock.execution.device, "threads": lock.execution.threads}
    yield from _differing(machine, {"device": prepared.device, "threads": prepared.threads})
    yield from _differing({"rows at once": _rows(lock.execution.fit)}, {"rows at once": _rows(prepared.fit)})
    if lock.hardware is not None:
        yield from _differing({"hardware": str(lock.hardware)}, {"hardware": str(hardware())})
    here = code()
    if lock.code is not None or here is not None:
        yield from _differing({"code": str(lock.code or "installed")}, {"code": str(here or "installed")})
    if (lock.code is not None and lock.code.dirty) or (here is not None and here.dirty):
        yield "code: files were changed since the commit, so that it does not say what ran"


def _rows(fit: Fit) -> int | str:
    return "whole batches" if fit.rows_at_once is None else fit.rows_at_once


def _digests(hashes: Hashes) -> dict[str, str]:
    """Return the digests that were recorded; an earlier version recorded fewer."""
    found = {"model": hashes.model, "tokenizer": hashes.tokenizer, "data": hashes.data}
    found |= {
        **_named("stage", hashes.stages),
        **_named("suite", hashes.suites),
        **_named("weights of", hashes.weights),
    }
    return {what: f"SHA-256 {digest}" for what, digest in found.items() if digest}


def _named(what: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{what} {name}": value for name, value in values.items()}


def _differing(there: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    """Yield where values differ that the lock has, whole: a digest is compared by eye."""
    for what, said in there.items():
        found = here.get(what, "nothing")
        if said is not None and said != found:
            yield f"{what}: {said} there, {found} here"


def _plugins(experiment: Experiment) -> list[str]:
    """Return the distributions of plug-ins that an experiment uses, as ``name==version``."""
    return sorted(set(_under(encode(experiment))))


def _under(value: Any) -> Iterator[str]:
    parts: Sequence[Any] = value if isinstance(value, list) else []
    if isinstance(value, Mapping):
        parts = list(value.values())
        named = value.get("plugin")
        if isinstance(named, str):
            yield named
        elif isinstance(named, Mapping):
            yield f"{named.get('distribution')}=={named.get('version')}"
    for each in parts:
        yield from _under(each)
