"""An experiment of several models: that of each, under one name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.codec import JSON, decode
from harness.spec.experiment import ReadSpec, experiment_of, experiments_of, read_spec
from harness.spec.models import names_of
from harness.spec.overrides import Overrides
from harness.spec.records import Experiment, Model

_NOTHING = Overrides()


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One question asked of several models: an experiment each, complete and on its own.

    `experiments` are those of the models that are kept, in the order of the spec; `models` has all that it declares,
    each with the `model` by the name that tables call it, and its `own`: what of the experiment is otherwise with it.
    """

    name: str
    description: str
    models: Mapping[str, Mapping[str, JSON]]
    experiments: Mapping[str, Experiment]


def load_any(
    name_or_path: str | Path, *, include: Iterable[Path] = (), overrides: Overrides = _NOTHING
) -> Experiment | Campaign:
    """Return what a spec declares: an experiment, or one of several models. Raises `SpecError` with every problem."""
    found = read_spec(name_or_path, include=include, overrides=overrides)
    return _campaign(found) if names_of(found.document) else experiment_of(found)


def _campaign(found: ReadSpec) -> Campaign:
    experiments = experiments_of(found)
    value = found.document.value
    return Campaign(
        name=value.get("name", found.file.stem),
        description=value.get("description", ""),
        models={name: _about(entry) for name, entry in value["models"].items()},
        experiments=experiments,
    )


def _about(entry: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return what the model is called, and what of the experiment is otherwise with it."""
    own = {key: part for key, part in entry.items() if key != "model"}
    return {"model": decode(Model, entry["model"]).name, "own": own}
