"""Which field of a PEFT block it is that leaves nothing to adapt, or a name that means no module."""

import copy
import re
from collections.abc import Collection, Sequence

from peft import PeftConfig

from harness._compat.peft import is_target
from harness.errors import RecipeError

_NARROWING = ("exclude_modules", "modules_to_save", "layers_pattern", "layers_to_transform")
"""Fields that take modules away from those that `target_modules` names."""


def refuse_unmatched(asked: str | set[str], names: Sequence[str], *, by_default: bool) -> None:
    """Raise `RecipeError` for a name that means no module, by what is wrong with it.

    `names` are the model's modules. With `by_default` PEFT's own mapping asks, which may speak of another version.
    """
    if isinstance(asked, str):
        return
    unmatched = sorted(want for want in asked if not any(f".{name}".endswith(f".{want}") for name in names))
    if by_default and unmatched:
        raise RecipeError(
            f"peft.target_modules is absent, and PEFT's default for this architecture names {unmatched}, which this "
            f"model lacks: {_kinds(names)}. Name the modules, or use `modules`."
        )
    expressions = [want for want in unmatched if _is_expression(want, names)]
    if expressions:
        raise RecipeError(
            f"peft.target_modules {expressions} in a list is taken for a name, not for a regular expression. "
            f"Write the expression as a text of its own: {'|'.join(f'({each})' for each in expressions)!r}."
        )
    if unmatched:
        raise _no_match(unmatched, names)


def nothing_left(config: PeftConfig, asked: str | set[str], names: Sequence[str]) -> RecipeError:
    """Return the error that names the field because of which no module of `names` is adapted."""
    for field in _NARROWING:
        value = getattr(config, field, None)
        if value in (None, "", [], ()):
            continue
        without = copy.copy(config)
        setattr(without, field, None)
        reached = [name for name in names if is_target(without, name)]
        if reached:
            return RecipeError(f"peft.{field} {_shown(value)} {_effect(field, reached)}.")
    return _no_match([asked] if isinstance(asked, str) else asked, names)


def _effect(field: str, reached: Sequence[str]) -> str:
    if field != "layers_pattern":
        return f"leaves none of the modules that peft.target_modules names: {_kinds(reached)}"
    lists = dict.fromkeys(part for name in reached for part in re.findall(r"([^.]+)\.\d+\.", name))
    return f"is in no module's name. The layers of this model are in {' and '.join(map(repr, lists))}; leave it out"


def _shown(value: object) -> str:
    return repr(sorted(value) if isinstance(value, set | frozenset) else value)


def _is_expression(want: str, names: Sequence[str]) -> bool:
    if re.fullmatch(r"[\w.]+", want):
        return False
    try:
        return any(re.fullmatch(want, name) for name in names)
    except re.error:
        return False


def _no_match(asked: Collection[str], names: Sequence[str]) -> RecipeError:
    return RecipeError(
        f"peft.target_modules {sorted(asked)} match nothing in this model. Its modules are: {_kinds(names)}."
    )


def _kinds(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(re.sub(r"\d+", "N", name) for name in names))
