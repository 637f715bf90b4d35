"""From the roles that a recipe's `modules` names to the modules of one model, whatever its architecture calls them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from peft import PeftConfig, PeftType
from transformers import PreTrainedModel

from harness._compat.peft import lora_targets
from harness.errors import RecipeError
from harness.methods.peft.modules import base_modules, linear_modules
from harness.model.blocks import Projection, normalisations, projections
from harness.spec.records import Recipe

BLOCKS: Mapping[str, str] = {"attention": "attention", "mlp": "mlp"}
PARTS = {
    "q": "q", "k": "k", "v": "v", "o": "o", "qv": "q v", "kv": "k v", "qkv": "q k v",
    "gate": "gate", "up": "up", "down": "down",
}  # fmt: skip
ROLES = ("all-linear", *BLOCKS, *PARTS, "norms")
_PATTERNS = ("rank_pattern", "alpha_pattern")


@dataclass(frozen=True, slots=True)
class _Named:
    """The names that roles mean in a model: modules, parameters of experts, and what comes out otherwise than asked."""

    modules: tuple[str, ...]
    experts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def point(config: PeftConfig, recipe: Recipe, model: PreTrainedModel) -> tuple[str, ...]:
    """Write the recipe's `modules` out into `config` as names of `model`, and return where they mean something else.

    A pattern's key that is a role means its modules too. IA3's `feedforward_modules` are, where the block does not say
    otherwise, those of the feed-forward block. Raises `RecipeError` for a role that the model has nothing for.
    """
    if not recipe.modules or config.is_prompt_learning:
        return ()
    every = _projections(model)
    named = _named(recipe.modules, config, every, model)
    config.target_modules = set(named.modules)
    if named.experts:
        config.target_parameters = [*(config.target_parameters or ()), *named.experts]
    for field in _PATTERNS:
        patterns = getattr(config, field, None)
        if patterns:
            setattr(config, field, dict(_written_out(patterns, config, every)))
    _double_fused(config, [each for each in every if each.name in named.experts])
    if config.peft_type == PeftType.IA3 and not config.feedforward_modules:
        inner = {each.name for each in every if each.block == "mlp"}
        config.feedforward_modules = set(named.modules) & inner
    return named.notes


def _projections(model: PreTrainedModel) -> tuple[Projection, ...]:
    return tuple(projections(model, base_modules(model), _known(model)))


def _known(model: PreTrainedModel) -> dict[str, str]:
    """Return what PEFT's LoRA adapts by default in the architecture: queries and values, or one matrix of all three."""
    names = lora_targets(model.config.model_type)
    if len(names) == 1:
        return {names[0]: "q k v"}
    return dict(zip(names[:2], "qv", strict=False))


def _named(roles: Sequence[str], config: PeftConfig, every: Sequence[Projection], model: PreTrainedModel) -> _Named:
    found: dict[str, Projection] = {}
    norms: list[str] = []
    instead: list[str] = []
    for role in roles:
        if role == "norms":
            norms += normalisations(model, base_modules(model))
            continue
        chosen = _of_role(role, every)
        if role == "gate" and not chosen:
            chosen = _of_role("up", every)
            instead += [f"{_leaves(chosen)} in place of a gate, which this feed-forward block lacks"] if chosen else []
        if not (chosen or role == "all-linear"):
            raise _nothing(role, every)
        found |= {each.name: each for each in chosen}
    if "norms" in roles and not norms:
        raise RecipeError('modules: this model has no norms with weights between the blocks of its layers for "norms".')
    plain = [each.name for each in found.values() if not each.experts]
    if "all-linear" in roles:
        plain = list(dict.fromkeys([*linear_modules(model), *plain]))
    experts = [each for each in found.values() if each.experts]
    why = _unreached(config) if experts else ""
    if why and not (plain or norms):
        raise RecipeError(
            f"modules {', '.join(roles)}: {_leaves(experts)} hold all experts in one parameter, and {why}."
        )
    notes = instead or list(_beyond(roles, found.values()))
    if why:
        notes.append(f"{_leaves(experts)} of the experts are left out: {why}")
    return _Named((*plain, *norms), () if why else tuple(each.name for each in experts), tuple(notes))


def _of_role(role: str, every: Iterable[Projection]) -> list[Projection]:
    if role == "all-linear":
        return [each for each in every if each.experts]
    if role in BLOCKS:
        return [each for each in every if each.block == BLOCKS[role]]
    return [each for each in every if each.parts & set(PARTS[role].split())]


def _beyond(roles: Sequence[str], found: Iterable[Projection]) -> Iterator[str]:
    """Yield what is adapted because it shares a matrix with what was asked for."""
    if "all-linear" in roles:
        return
    whole = {BLOCKS[role] for role in roles if role in BLOCKS}
    asked = {part for role in roles for part in PARTS.get(role, "").split()}
    beyond = {_leaf(each.name): each.parts - asked for each in found if each.block not in whole and each.parts - asked}
    for name, parts in beyond.items():
        yield f"{' and '.join(sorted(parts))} adapted too: one matrix, {name}, holds more than {', '.join(roles)}"


def _unreached(config: PeftConfig) -> str:
    """Return why a method cannot adapt a parameter that holds all experts, empty where it can."""
    if not hasattr(config, "target_parameters"):
        return f"{config.peft_type.value} adapts modules only"
    if getattr(config, "lora_dropout", 0.0):
        return "PEFT adapts such a parameter without dropout only"
    return "PEFT has no DoRA of such a parameter" if getattr(config, "use_dora", False) else ""


def _double_fused(config: PeftConfig, experts: Iterable[Projection]) -> None:
    """Give a parameter that holds two matrices of each expert twice the rank, as PEFT does for names of before."""
    for each in experts:
        if len(each.parts) > 1:
            config.rank_pattern.setdefault(each.name, len(each.parts) * config.r)
            config.alpha_pattern.setdefault(each.name, len(each.parts) * config.lora_alpha)


def _written_out(
    patterns: Mapping[str, float], config: PeftConfig, every: Sequence[Projection]
) -> Iterator[tuple[str, float]]:
    """Yield the patterns with names in place of roles; PEFT takes the first that fits, and roles fit most."""
    adapted = {*config.target_modules, *(getattr(config, "target_parameters", None) or ())}
    roles = {key: value for key, value in patterns.items() if key in ROLES}
    yield from ((key, value) for key, value in patterns.items() if key not in roles)
    for key, value in roles.items():
        for each in _of_role(key, every):
            if each.name in adapted:
                yield each.name, value * (len(each.parts) if each.experts else 1)


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _leaves(found: Iterable[Projection]) -> str:
    return " and ".join(dict.fromkeys(_leaf(each.name) for each in found))


def _nothing(role: str, every: Iterable[Projection]) -> RecipeError:
    known = ", ".join(dict.fromkeys(_leaf(each.name) for each in every)) or "none that harness knows"
    return RecipeError(
        f'modules "{role}": the layers of this model have no such matrix. They have: {known}. '
        "Name modules in peft.target_modules."
    )
