"""Make a model trainable as a recipe says, whose numbers are all settled."""

import time

from peft import PeftConfig, PeftModel, PeftType
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback, set_seed

from harness.adaptation.adapted import Adapted, Batches
from harness.adaptation.bottleneck import insert
from harness.adaptation.data import first_batches
from harness.adaptation.full import train_everything, train_layers, trained_modules
from harness.adaptation.initial import initial_weights
from harness.adaptation.initialise import initialisation, prompt_text
from harness.adaptation.initialise.registry import BATCHES
from harness.adaptation.layers import Choice, Request, layer_count, select
from harness.adaptation.peft_block import peft_config
from harness.adaptation.peft_method import adapted_modules, restrict, wrap
from harness.adaptation.precision import KeepPrecision
from harness.adaptation.rank_allocator import RankAllocator
from harness.adaptation.stack import NEWEST, base_of
from harness.errors import RecipeError
from harness.model.counting import parameters
from harness.model.decoder import layer_names, layers_of
from harness.records import Probe
from harness.spec.records import Bottleneck, Recipe


def apply(
    model: PreTrainedModel | PeftModel,
    recipe: Recipe,
    *,
    seed: int,
    probe: Batches | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    name: str = NEWEST,
) -> Adapted:
    """Choose the layers and change the model; see `harness.adaptation.adapt` for the arguments.

    `name` is what PEFT is to call the adapter.
    """
    set_seed(seed)
    choice = choose_layers(base_of(model), recipe, seed=seed, probe=probe)
    set_seed(seed)  # whatever finding the layers drew, the adapter starts alike
    if recipe.peft is not None:
        return _peft(model, recipe, choice, probe, tokenizer, name=name)
    if recipe.bottleneck is not None:
        return _bottleneck(model, recipe, recipe.bottleneck, choice)
    return _full(model, recipe, choice)


def choose_layers(model: PreTrainedModel, recipe: Recipe, *, seed: int, probe: Batches | None = None) -> Choice | None:
    """Return the recipe's choice of decoder layers, None where it adapts all."""
    if recipe.layers.strategy == "all":
        return None
    total = len(layer_names(model))
    request = Request(
        layers=recipe.layers,
        total=total,
        count=layer_count(recipe.layers, total),
        seed=seed if recipe.layers.seed is None else recipe.layers.seed,
        probe_batches=recipe.probe_batches,
        model=model,
        batches=probe,
    )
    return select(request)


def _full(model: PreTrainedModel, recipe: Recipe, choice: Choice | None) -> Adapted:
    if choice is None:
        train_everything(model)
    else:
        train_layers(model, choice.indices)
    return _adapted(model, recipe, _indices(choice, model), trained_modules(model), probes=_probes(choice))


def _bottleneck(model: PreTrainedModel, recipe: Recipe, block: Bottleneck, choice: Choice | None) -> Adapted:
    layers = _indices(choice, model)
    modules = insert(model, block, layers)
    return _adapted(model, recipe, layers, modules, probes=_probes(choice))


def _peft(
    model: PreTrainedModel | PeftModel,
    recipe: Recipe,
    choice: Choice | None,
    probe: Batches | None,
    tokenizer: PreTrainedTokenizerBase | None,
    *,
    name: str,
) -> Adapted:
    config = peft_config(recipe)
    if config.is_prompt_learning and choice is not None:
        raise RecipeError(f"{recipe.id}: {config.peft_type.value} adds virtual tokens, there are no layers to choose.")
    base = base_of(model)
    names = layer_names(base)
    asked = () if config.is_prompt_learning else restrict(config, base, None if choice is None else choice.indices)
    with prompt_text(config, tokenizer):
        wrapped, spent = _wrapped(model, recipe, config, asked, probe, name=name)
    modules = adapted_modules(wrapped)
    return _adapted(
        wrapped,
        recipe,
        layers_of(modules, names),
        modules,
        probes=(*_probes(choice), *spent),
        callbacks=_callbacks(wrapped, recipe, config),
    )


def _wrapped(
    model: PreTrainedModel | PeftModel,
    recipe: Recipe,
    config: PeftConfig,
    asked: tuple[str, ...],
    probe: Batches | None,
    *,
    name: str,
) -> tuple[PeftModel, tuple[Probe, ...]]:
    """Wrap, with what the initialisation does to data before and after."""
    steps = initialisation(config)
    if steps is None:
        return wrap(model, config, asked, name), ()
    config.target_modules = set(asked)  # preparing on data, PEFT knows no "all-linear"
    batches = first_batches(probe, recipe.probe_batches or BATCHES, f"the initialisation {steps.name!r}")
    start = time.perf_counter()
    steps.before(model, config, batches)
    wrapped = wrap(model, config, asked)
    steps.after(wrapped, batches)
    return wrapped, (Probe(purpose=steps.name, batches=len(batches), seconds=time.perf_counter() - start),)


def _adapted(
    model: PreTrainedModel | PeftModel,
    recipe: Recipe,
    layers: tuple[int, ...],
    modules: tuple[str, ...],
    *,
    probes: tuple[Probe, ...],
    callbacks: tuple[TrainerCallback, ...] = (),
) -> Adapted:
    trainable, total = parameters(model)
    return Adapted(
        model=model,
        recipe=recipe,
        layers=layers,
        modules=modules,
        trainable=trainable,
        total=total,
        callbacks=callbacks,
        probes=probes,
        initial=initial_weights(model),
    )


def _callbacks(wrapped: PeftModel, recipe: Recipe, config: PeftConfig) -> tuple[TrainerCallback, ...]:
    allocator = (RankAllocator(wrapped),) if config.peft_type == PeftType.ADALORA else ()
    precision = (KeepPrecision(wrapped),) if recipe.quantization is not None else ()
    return (*allocator, *precision)


def _indices(choice: Choice | None, model: PreTrainedModel) -> tuple[int, ...]:
    return tuple(range(len(layer_names(model)))) if choice is None else choice.indices


def _probes(choice: Choice | None) -> tuple[Probe, ...]:
    return (choice.probe,) if choice is not None and choice.probe is not None else ()
