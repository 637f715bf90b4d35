"""Whether models that were trained elsewhere are of the experiment's base and tokenizer, before any is scored."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from harness.errors import HarnessError, RecipeError
from harness.methods.existing import misfits, trained_on
from harness.sources import models
from harness.sources.models.code import check_folder
from harness.sources.weights import CONFIGS, folder_of, is_local, weight_files, weights_sha256
from harness.spec.existing import ExistingArm, Weights
from harness.spec.records import Experiment, Model

_SHOWN = 3


def existing_sha256(experiment: Experiment) -> dict[str, str]:
    """Return a digest of every model of the arms by `Weights.key`, fetched where it has to be; raises `SourceError`."""
    return {each.key: weights_sha256(folder_of(each), arm.kind) for arm, each in _listed(experiment)}


def declared_sha256(experiment: Experiment) -> dict[str, str]:
    """Return what stands for these digests where a plan downloads nothing: those at hand, and names of the others."""
    here = {
        each.key: weights_sha256(folder_of(each), arm.kind)
        for arm, each in _listed(experiment)
        if is_local(each, arm.kind)
    }
    return {each.key: here.get(each.key, each.key) for _, each in _listed(experiment)}


def check_existing(
    experiment: Experiment,
    tokenizer: PreTrainedTokenizerBase | None,
    on_arm: Callable[[str], None] = lambda _: None,
    *,
    local: bool = False,
) -> None:
    """Raise `RecipeError` with everything that keeps models of the arms from being scored beside the experiment's base.

    Weights are held to the base's shapes by name, a tokenizer that lies beside them to the base's vocabulary; what an
    adapter says of its base is a hint. `on_arm` is called with the name of each arm before it is looked at. With
    `local` what would have to be fetched is left out.
    """
    base, reasons, seen = _config(experiment.model), list[str](), dict[str, str]()
    for arm in experiment.arms:
        on_arm(arm.name)
        for each in arm.weights:
            if local and not is_local(each, arm.kind):
                continue
            said = f"{arm.name}: {each.address}"
            try:
                folder = folder_of(each)
                reasons += (f"{said}: {reason}" for reason in _reasons(arm, folder, base, experiment, tokenizer))
                same = seen.setdefault(weights_sha256(folder, arm.kind), said)
            except HarnessError as error:
                reasons.append(f"{said}: {error}")
                continue
            if same != said:
                reasons.append(f"{said}: the same weights as {same}. Each run is one trained model, and counts once.")
    if reasons:
        raise RecipeError("\n".join(reasons))


def _listed(experiment: Experiment) -> list[tuple[ExistingArm, Weights]]:
    return [(arm, each) for arm in experiment.arms for each in arm.weights]


def _config(model: Model) -> Mapping[str, Any]:
    """Return the whole configuration of the base: a spec may declare a part of it."""
    if model.source == "random":
        return dict(model.config or {})
    found: dict[str, Any] = AutoConfig.from_pretrained(models.folder(model), trust_remote_code=False).to_dict()
    return found


def _reasons(
    arm: ExistingArm,
    folder: Path,
    base: Mapping[str, Any],
    experiment: Experiment,
    tokenizer: PreTrainedTokenizerBase | None,
) -> Iterator[str]:
    weight_files(folder, arm.kind)
    check_folder(folder)
    found = list(misfits(arm.kind, folder, base, _declared(folder) if arm.kind == "model" else {}))
    if found:
        hint = trained_on(arm.kind, folder)
        told = f" {CONFIGS[arm.kind]} says that it was trained on {hint}." if hint else ""
        yield f"it was not trained from {experiment.model.name}: {'; '.join(found)}.{told} Name the base it belongs to."
    if tokenizer is not None:
        yield from _of_tokenizer(folder, tokenizer)


def _declared(folder: Path) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = AutoConfig.from_pretrained(folder, trust_remote_code=False).to_dict()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecipeError(f"{folder / CONFIGS['model']} is no model's configuration: {error}") from error
    return found


def _of_tokenizer(folder: Path, ours: PreTrainedTokenizerBase) -> Iterator[str]:
    """Yield that a tokenizer beside the weights numbers tokens otherwise; tokens that it has besides never come up."""
    try:
        theirs = _tokenizer(folder)
    except Exception as error:  # noqa: BLE001 - whatever transformers raises of a stranger's files
        yield f"the tokenizer that lies beside it cannot be read ({type(error).__name__}: {error}). Take it out."
        return
    if theirs is None:
        return
    known = theirs.get_vocab()
    other = sorted(token for token, place in ours.get_vocab().items() if known.get(token) != place)
    if other:
        shown = ", ".join(map(repr, other[:_SHOWN]))
        yield (
            f"the tokenizer that lies beside it is another one: {len(other)} of the base's {len(ours.get_vocab())} "
            f"tokens are not in it, or have another number ({shown}). Name the base and tokenizer it belongs to."
        )


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase | None:
    """Return the tokenizer of a folder, None where there is none."""
    if (folder / "tokenizer_config.json").is_file():
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        return found
    alone = folder / "tokenizer.json"
    return PreTrainedTokenizerFast(tokenizer_file=str(alone)) if alone.is_file() else None
