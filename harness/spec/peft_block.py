"""A recipe's `peft` block as people have it: an ``adapter_config.json`` of any version, fields that say nothing."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from harness.codec import JSON
from harness.errors import Problem
from harness.spec.document import Located

_MEANS_NONE = ("target_modules", "feedforward_modules")
"""Fields of which an empty list says that there are none, and null that PEFT is to choose."""

_OLD: Mapping[str, str] = {
    "enable_lora": "It chose parts of a fused matrix until PEFT 0.3",
    "merge_weights": "It merged while evaluating until PEFT 0.3",
}

FieldsOf = Callable[[str], Mapping[str, Mapping[str, JSON]]]
"""From a `peft_type` to its fields' schemas, none for one that PEFT does not have."""


def bare_config(document: Located) -> Iterator[Problem]:
    """Yield that a file is PEFT's own and not a recipe, where it is."""
    if "peft_type" in document.value and "peft" not in document.value:
        yield document.problem(
            ("peft_type",),
            "this is PEFT's adapter_config.json, which is one part of a recipe",
            'Put it into one: {"peft": {…}, "training": {"learning_rate": 2e-4}}, as adapters/<method>--<name>.json.',
        )


def without_nothing(document: Located, fields_of: FieldsOf, others: Collection[str]) -> Located:
    """Return the document without the fields of its `peft` block that say nothing; the rest is held to the schema.

    They are those of the method that are null or empty, those of another method (`others`) that are null, empty or
    false, and those of an older PEFT, of which `old_fields` tells.
    """
    block = document.value.get("peft")
    if not isinstance(block, dict):
        return document
    own = fields_of(str(block.get("peft_type")))
    kept = {key: value for key, value in block.items() if not _says_nothing(key, value, own, others)}
    return replace(document, value={**document.value, "peft": kept})


def old_fields(document: Located) -> Iterator[Problem]:
    """Yield fields of an older PEFT that say something which it no longer does."""
    block = document.value.get("peft")
    if not isinstance(block, dict):
        return
    for field, was in _OLD.items():
        if field in block and not _is_nothing(block[field]):
            message = f"`{field}` is a field of an older PEFT"
            yield document.problem(("peft", field), message, f"{was}. Leave it out.")


def _says_nothing(key: str, value: JSON, own: Mapping[str, Mapping[str, JSON]], others: Collection[str]) -> bool:
    if key not in own:
        return key in _OLD or (key in others and _is_nothing(value))
    if key in _MEANS_NONE:
        return value is None
    kinds = own[key].get("type", "null")
    takes_nothing = not {"null", "array", "object"}.isdisjoint([kinds] if isinstance(kinds, str) else kinds)
    return takes_nothing and value is not False and _is_nothing(value)


def _is_nothing(value: JSON) -> bool:
    return value is False or value in (None, [], {}, "")
