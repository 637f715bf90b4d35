"""What a recipe's method is, as far as it must be known before anything is loaded.

Which of its blocks a recipe has is asked here and in the methods themselves, nowhere else. Nothing heavy is imported:
the command line and what schedules cells use these traits too. A third party's are the facts in its options' schema,
where reading a spec finds them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from harness.errors import PluginError
from harness.methods.catalogue import method
from harness.spec.records import Bottleneck, PluginBlock, Recipe

VIRTUAL_TOKENS = ("PROMPT_TUNING", "MULTITASK_PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "CPT", "CARTRIDGE")
"""PEFT's methods that train virtual tokens and adapt no module."""

SAME_BEFORE_EACH = tuple(each for each in VIRTUAL_TOKENS if each != "MULTITASK_PROMPT_TUNING")
"""Those whose tokens are the same before every input, so that they are read once for all."""

STACKABLE = ("LORA", "LOHA", "LOKR", "VERA", "IA3")
"""Methods of which PEFT applies several adapters at once, and merges them to the same outputs (tried: OFT's differ)."""

LOW_RANK = ("LORA", "ADALORA")
"""Methods that add a product of two factors to each weight; LoRA's variants below do something else with it."""

_VARIANTS = ("use_dora", "alora_invocation_tokens", "arrow_config", "use_bdlora", "target_parameters")

READS_DATA = ("eva", "corda", "lora_ga")
"""Values of `init_lora_weights` with which an adapter starts from training data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What outside code may ask about a recipe's method.

    Of a recipe in stages: `label` names each, `low_rank` holds where it does of all of them, the other traits
    where they hold of any.
    """

    label: str
    trains_base_weights: bool = False
    """The model's own weights train: there is no adapter to merge, to keep, or to store apart from them."""
    draws_start: bool = True
    """What trains has first values of its own, which follow from the seed (and from data, see below)."""
    starts_from_data: bool = False
    """The first values are computed from training batches."""
    added_tokens: int = 0
    """By how many tokens every example is lengthened."""
    before_input: bool = False
    """What trains stands before every input, so that answers are scored one by one, each with its prompt."""
    same_before_each: bool = False
    """It is the same before every input, so that it is read once for all of them and answers share their prompts."""
    merges: bool = True
    """What was trained can be folded into the base model's weights."""
    stacks: bool = False
    """An adapter can stay at work, frozen, while another one of the same method trains beside it."""
    low_rank: bool = False
    """The change of each adapted weight is a product of two factors, which `Method.low_rank_updates` gives."""
    allots_rank: bool = False
    """Training shares ranks out among the modules, and may leave one without any."""


def declared_methods(recipe: Recipe) -> tuple[str, ...]:
    """Return the methods whose blocks a recipe has; sound is one at most, and none is full fine-tuning."""
    blocks = {"peft": recipe.peft, "bottleneck": recipe.bottleneck}
    plugin = () if recipe.plugin is None else (recipe.plugin.name,)
    return (*(name for name, block in blocks.items() if block is not None), *plugin)


def method_name(recipe: Recipe) -> str:
    """Return the name of the method that carries a recipe without stages out: harness's own or a plug-in's."""
    return (*declared_methods(recipe), "full")[0]


def traits(recipe: Recipe) -> Traits:
    """Return what is known of the recipe's method; raises `PluginError` for a plug-in that is not installed."""
    if recipe.stages:
        return _of_any([traits(stage.recipe) for stage in recipe.stages])
    if recipe.plugin is not None:
        return _of_a_plugin(recipe.plugin)
    if recipe.peft is not None:
        return _of_peft(recipe.peft)
    return _FULL if recipe.bottleneck is None else _of_bottleneck(recipe.bottleneck)


_FULL = Traits(label="full fine-tuning", trains_base_weights=True, draws_start=False)


def _of_bottleneck(block: Bottleneck) -> Traits:
    return Traits(label=f"bottleneck ({block.placement})", merges=False)


def _of_peft(block: Mapping[str, Any]) -> Traits:
    kind = block.get("peft_type", "PEFT")
    in_the_input = kind != "PREFIX_TUNING"  # a prefix is keys and values only
    return Traits(
        label=str(kind),
        starts_from_data=block.get("init_lora_weights") in READS_DATA,
        added_tokens=int(block.get("num_virtual_tokens") or 0) if in_the_input else 0,
        before_input=kind in VIRTUAL_TOKENS,
        same_before_each=kind in SAME_BEFORE_EACH,
        merges=kind not in VIRTUAL_TOKENS,
        stacks=kind in STACKABLE,
        allots_rank=kind == "ADALORA",
        low_rank=kind in LOW_RANK and not _rewrites_base(block) and not any(block.get(each) for each in _VARIANTS),
    )


def _rewrites_base(block: Mapping[str, Any]) -> bool:
    """Tell whether the initialisation takes something out of the base, so that the change is not the product."""
    return block.get("init_lora_weights", True) not in {True, False, "gaussian", "eva", "orthogonal"}


def _of_a_plugin(block: PluginBlock) -> Traits:
    """Read the facts of a plug-in's schema; `added_tokens` may be the name of the option that holds the number."""
    plugin = method(block.name)
    facts = {"label": block.name, **plugin.facts}
    if isinstance(facts.get("added_tokens"), str):
        facts["added_tokens"] = block.options.get(facts["added_tokens"], 0)
    kinds = get_type_hints(Traits)
    wrong = [key for key, value in facts.items() if key not in kinds or not isinstance(value, kinds[key])]
    if wrong:
        known = ", ".join(field.name for field in fields(Traits))
        raise PluginError(
            f"the schema of {plugin} has x-harness facts {wrong} that are not traits. There are: {known}."
        )
    return Traits(**facts)


def _of_any(stages: list[Traits]) -> Traits:
    def holds(trait: Callable[[Traits], bool]) -> bool:
        return any(map(trait, stages))

    return Traits(
        label=" → ".join(stage.label for stage in stages),
        trains_base_weights=holds(lambda each: each.trains_base_weights),
        draws_start=holds(lambda each: each.draws_start),
        starts_from_data=holds(lambda each: each.starts_from_data),
        added_tokens=max(stage.added_tokens for stage in stages),
        before_input=holds(lambda each: each.before_input),
        same_before_each=holds(lambda each: each.same_before_each),
        merges=holds(lambda each: each.merges),
        stacks=holds(lambda each: each.stacks),
        allots_rank=holds(lambda each: each.allots_rank),
        low_rank=all(stage.low_rank for stage in stages),
    )
