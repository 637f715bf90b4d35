"""What is measured of a cell beside its scores: checks that the adaptation was what the recipe says, and its latency.

Each check is a `Diagnostic`; `diagnostics_of` gives those of an experiment, the nine that every training has and those
that its spec names, harness's own (`OWN`) or a plug-in's. A check that fails is reported, not raised: the numbers stand
with a mark beside them.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from harness.diagnostics._base import Diagnostic, ProbeRequest, Probes, StoredCell, Subject
from harness.diagnostics.activations import Activations
from harness.diagnostics.attention import Attention
from harness.diagnostics.latency import latency
from harness.diagnostics.layer_choice import LayersChosen
from harness.diagnostics.monitors import Monitors
from harness.diagnostics.outputs import OutputsDiffer, logits, outputs_differ
from harness.diagnostics.parameters import (
    ModulesAdapted,
    TrainableAsExpected,
    modules_adapted,
    trainable_as_expected,
)
from harness.diagnostics.precision import SERVED, UpdatesKept, loss_as_served
from harness.diagnostics.probes import missing_texts, probes_of
from harness.diagnostics.quantization import QuantizationError
from harness.diagnostics.rank import ModuleRank, RanksAlive, effective_ranks, ranks_alive
from harness.diagnostics.representation import Representation
from harness.diagnostics.reproducibility import (
    FirstStart,
    LossFinite,
    OrderFollowsSeed,
    StartFollowsSeed,
    is_made_twice,
    start_follows_seed,
)
from harness.diagnostics.spectrum import Spectra
from harness.diagnostics.training_path import TrainingPath
from harness.diagnostics.weights import BaseUnchanged, base_digest, base_unchanged, start_digest
from harness.errors import PluginError, RecipeError
from harness.records import Measurement
from harness.registry import find
from harness.spec.records import DiagnosticRequest, Experiment, Recipe
from harness.suites.load import built_once

__all__ = [
    "DEFAULTS",
    "OWN",
    "SERVED",
    "Diagnostic",
    "FirstStart",
    "ModuleRank",
    "ProbeRequest",
    "Probes",
    "StoredCell",
    "Subject",
    "base_digest",
    "base_unchanged",
    "begin",
    "check_diagnostics",
    "diagnostics_of",
    "effective_ranks",
    "is_made_twice",
    "latency",
    "logits",
    "looks_at_held_out",
    "loss_as_served",
    "measure",
    "measure_across",
    "modules_adapted",
    "outputs_differ",
    "ranks_alive",
    "start_digest",
    "start_follows_seed",
    "timed",
    "trainable_as_expected",
]

DEFAULTS: tuple[type[Diagnostic], ...] = (
    ModulesAdapted,
    TrainableAsExpected,
    OutputsDiffer,
    BaseUnchanged,
    RanksAlive,
    StartFollowsSeed,
    OrderFollowsSeed,
    LossFinite,
    UpdatesKept,
)


_OWN = (
    Spectra,
    Attention,
    Representation,
    Activations,
    Monitors,
    TrainingPath,
    LayersChosen,
    QuantizationError,
)
OWN: Mapping[str, type[Diagnostic]] = {each.name: each for each in _OWN}
"""Those that harness brings and takes only where a spec names them."""

Took = Callable[[str, float], None]
"""Is told what a diagnostic took: its name and seconds."""


@contextlib.contextmanager
def timed(diagnostic: Diagnostic, took: Took) -> Iterator[None]:
    """Tell what the block took of a diagnostic's time."""
    start = time.perf_counter()
    yield
    took(diagnostic.name, time.perf_counter() - start)


def check_diagnostics(experiment: Experiment, config: Mapping[str, Any] | None) -> None:
    """Raise `RecipeError` with every reason why the experiment cannot have a diagnostic that it asks for.

    Without a `config`, the model's, fewer reasons can be found. Raises `PluginError` as `diagnostics_of` does.
    """
    reasons = []
    for request in experiment.diagnostics:
        asked = _requested(request)
        texts = asked.asks_for()
        found = [*asked.check(experiment, config), *(missing_texts(texts, experiment) if texts else ())]
        reasons += [f"the diagnostic {request.name}: {reason}" for reason in found]
    if reasons:
        raise RecipeError("\n".join(dict.fromkeys(reasons)))


def begin(
    diagnostics: Iterable[Diagnostic],
    experiment: Experiment,
    whole: Recipe,
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    *,
    took: Took,
) -> None:
    """Tell each what will train, the recipe `whole` or one of its stages, with the texts that it asks for.

    Raises `TaskError` for a text that is too short.
    """
    with built_once():
        for each in diagnostics:
            with timed(each, took):
                asked = each.asks_for()
                each.begin(whole, recipe, probes_of(asked, experiment, recipe, tokenizer) if asked else Probes())


def looks_at_held_out(requests: Sequence[DiagnosticRequest]) -> bool:
    """Tell whether one of the requested diagnostics looks at validation rows; raises as `diagnostics_of` does."""
    asked = (_requested(request).asks_for() for request in requests)
    return any(each is not None and each.held_out for each in asked)


def diagnostics_of(requests: Sequence[DiagnosticRequest]) -> list[Diagnostic]:
    """Return fresh instances: the defaults, then those that a spec asks for.

    Raises `PluginError` where one of these is not installed, cannot be loaded or does not keep the contract.
    """
    return [each() for each in DEFAULTS] + [_requested(request) for request in requests]


def measure(
    diagnostics: Iterable[Diagnostic], subject: Subject, took: Took = lambda *_: None
) -> dict[str, Measurement]:
    """Return what each finds about a training that is over, by name; `took` is told of each.

    Raises `PluginError` for an answer that is not a `Measurement` of the diagnostic's own name.
    """
    found = {}
    for each in diagnostics:
        with timed(each, took):
            answer = each.after(subject)
        if not (isinstance(answer, Measurement) and answer.name == each.name):
            raise PluginError(f"the diagnostic {each.name!r} answered {answer!r:.80}, not a Measurement of its name.")
        found[each.name] = answer
    return found


def measure_across(requests: Sequence[DiagnosticRequest], cells: Sequence[StoredCell]) -> dict[str, Measurement]:
    """Return what the requested diagnostics find over the trained cells, by name; raises as `measure` does."""
    found: dict[str, Measurement] = {}
    for each in (type(_requested(request)) for request in requests):
        for name, answer in (each.across(cells) if each.looks_across() else {}).items():
            if not (isinstance(answer, Measurement) and answer.name == name):
                raise PluginError(f"the diagnostic {each.name!r} answered {answer!r:.80} for {name!r} across cells.")
            if name in found:
                raise PluginError(f"two diagnostics answer for {name!r} across cells. Leave one of them out.")
            found[name] = answer
    return found


def _requested(request: DiagnosticRequest) -> Diagnostic:
    if request.name in OWN:
        return OWN[request.name](**request.options)
    plugin = find("diagnostics", request.name)
    if plugin is None:
        raise PluginError(f"no diagnostic called {request.name!r} is installed.")
    found = plugin.load()
    if not (isinstance(found, type) and issubclass(found, Diagnostic) and found.name == request.name):
        raise PluginError(
            f"{plugin} is not a subclass of harness.diagnostics.Diagnostic whose name is {request.name!r}."
        )
    try:
        return found(**request.options)
    except TypeError as error:
        raise PluginError(f"{plugin} does not take the options {dict(request.options)}: {error}.") from error
