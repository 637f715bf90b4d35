"""Write the schema files of the foreign blocks from the libraries that are installed.

``python tests/helpers/installed_fields.py`` writes them anew after an upgrade; a test holds the committed files equal
to what this module derives. Names and plain types are taken over; values stay the libraries' business, but for
`RANGES`.
"""

import dataclasses
import enum
import inspect
import json
import re
import types
import typing
from pathlib import Path

SCHEMAS = Path(__file__).resolve().parents[2] / "specs" / "schema"

_COMMENT = {"$comment": {"type": "string"}}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_HUB = "Nothing leaves while a run goes on; `harness push RUN` pushes it when it is done."
_CHECKPOINTS = "harness keeps whole cells, not checkpoints; see `keep_weights`."
_NO_EVAL = "Suites are scored after training, see `suites`; `early_stopping` takes the validation loss."
_LOGS = "Progress and logs go to the run folder; nothing is configured here."
_TRACKERS = "Declare trackers under `execute.report_to`; names follow from experiment, recipe and seed."
_LOSS = "The loss covers completions alone, the same for every recipe."
_ROWS = "Every example is a row of its own, so that all recipes see the same batches."
_MODEL = "The base model is declared under `model`."

CONTROLLED = {
    "output_dir": "The run folder is chosen by `--out`.",
    "seed": "Declare training seeds under `seeds`.",
    "data_seed": "It follows `seeds`, so that recipes see the same examples in the same order.",
    "full_determinism": "Runs are reproducible by their seeds; nothing is to be set.",
    "auto_find_batch_size": "It would change the batch size of one recipe and not of another.",
    "ignore_data_skip": _CHECKPOINTS,
    "resume_from_checkpoint": "Run the same command again: finished cells are not repeated.",
    "do_train": "Every cell trains.",
    "trust_remote_code": "No code is taken from a model's repository.",
    "model_init_kwargs": _MODEL,
    "chat_template_path": _MODEL,
    "eos_token": _MODEL,
    "pad_token": _MODEL,
    "dataset_text_field": "Training data has `prompt` and `completion`; declare it under `data`.",
    "dataset_kwargs": "Declare training data under `data`.",
    "shuffle_dataset": "Order follows `seeds`.",
    "completion_only_loss": _LOSS,
    "assistant_only_loss": _LOSS,
    "loss_type": _LOSS,
    "label_smoothing_factor": _LOSS,
    "packing": _ROWS,
    "packing_strategy": _ROWS,
    "padding_free": _ROWS,
    "remove_unused_columns": "harness hands over the very columns that training reads.",
    "label_names": "harness hands over the very columns that training reads.",
    "logging_nan_inf_filter": "A loss that is not finite must be seen: it ends the cell as a failure.",
    "local_rank": "The launcher sets it.",
}
_CONTROLLED_PREFIXES = {
    "hub_": _HUB,
    "push_to_hub": _HUB,
    "save_": _CHECKPOINTS,
    "enable_jit_checkpoint": _CHECKPOINTS,
    "restore_callback": _CHECKPOINTS,
    "load_best_model": _CHECKPOINTS,
    "metric_for_best": _CHECKPOINTS,
    "greater_is_better": _CHECKPOINTS,
    "eval_": _NO_EVAL,
    "per_device_eval": _NO_EVAL,
    "batch_eval": _NO_EVAL,
    "prediction_loss": _NO_EVAL,
    "include_for_metrics": _NO_EVAL,
    "do_eval": _NO_EVAL,
    "do_predict": _NO_EVAL,
    "report_to": _TRACKERS,
    "run_name": _TRACKERS,
    "project": _TRACKERS,
    "trackio_": _TRACKERS,
    "log_": _LOGS,
    "logging_": "Every step is logged, so that a loss that is not finite ends the cell at once.",
    "disable_tqdm": _LOGS,
}

RANGES = {
    **{key: {"minimum": 1} for key in ("per_device_train_batch_size", "gradient_accumulation_steps", "max_length")},
    **{key: {"minimum": 0} for key in ("learning_rate", "weight_decay", "warmup_steps", "max_grad_norm")},
    "num_train_epochs": {"exclusiveMinimum": 0},
    "max_steps": {"minimum": -1},
}
"""Numbers that the trainer takes without a word, or refuses when every cell has started."""


def sft_config():
    """Return the schema of the `training` block: SFTConfig's fields, those that harness sets refused."""
    import trl

    properties = _properties(trl.SFTConfig, _reason)
    ranged = {name: {**properties[name], **limits} for name, limits in RANGES.items()}
    return _schema("training", "SFTConfig's fields (TRL).", {**properties, **ranged})


def peft_config():
    """Return the schema of the `peft` block: for each peft_type the fields of its configuration class."""
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    classes = {kind.value: cls for kind, cls in PEFT_TYPE_TO_CONFIG_MAPPING.items()}
    kinds = sorted(classes)
    return {
        "$schema": _DRAFT,
        "title": "peft",
        "description": "A PEFT adapter_config.json, verbatim; null: none.",
        "type": ["object", "null"],
        "required": ["peft_type"],
        "properties": {"peft_type": {"enum": kinds}},
        "allOf": [
            {
                "if": {"properties": {"peft_type": {"const": kind}}, "required": ["peft_type"]},
                "then": {"$ref": f"#/$defs/{kind}"},
            }
            for kind in kinds
        ],
        "$defs": {
            kind: {"properties": _COMMENT | _properties(classes[kind]), "additionalProperties": False} for kind in kinds
        },
    }


def bits_and_bytes_config():
    """Return the schema of the `quantization` block: the arguments of transformers' BitsAndBytesConfig."""
    from transformers import BitsAndBytesConfig

    arguments = inspect.signature(BitsAndBytesConfig.__init__).parameters.values()
    named = [a for a in arguments if a.name != "self" and a.kind is not inspect.Parameter.VAR_KEYWORD]
    properties = {a.name: _from_default(a.default) for a in named}
    schema = _schema("quantization", "BitsAndBytesConfig's fields (transformers); null: none.", properties)
    return schema | {"type": ["object", "null"]}


WRITERS = {
    "sft_config.schema.json": sft_config,
    "peft_config.schema.json": peft_config,
    "bits_and_bytes_config.schema.json": bits_and_bytes_config,
}


def _schema(title, description, properties):
    return {
        "$schema": _DRAFT,
        "title": title,
        "description": description,
        "type": "object",
        "properties": _COMMENT | properties,
        "additionalProperties": False,
    }


def _reason(name):
    prefixed = (text for prefix, text in _CONTROLLED_PREFIXES.items() if name.startswith(prefix))
    return CONTROLLED.get(name) or next(prefixed, None)


def _properties(cls, reason=lambda name: None):
    hints = typing.get_type_hints(cls)
    names = sorted(field.name for field in dataclasses.fields(cls))
    return {name: _property(hints[name], reason(name)) for name in names}


def _property(hint, reason):
    if reason:
        return {"not": {}, "description": reason}
    kinds = sorted(_json_types(hint))
    if not kinds:
        return {}
    return {"type": kinds[0] if len(kinds) == 1 else kinds}


_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", types.NoneType: "null"}
_GENERIC = {dict: "object", list: "array", tuple: "array"}


def _json_types(hint):
    """Return the JSON types that a Python type allows; the empty set says that anything may stand there."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        parts = [_json_types(part) for part in typing.get_args(hint)]
        return set().union(*parts) if all(parts) else set()
    if origin is typing.Literal:
        return {_PLAIN[type(value)] for value in typing.get_args(hint)}
    if hint in _PLAIN:
        return {_PLAIN[hint]}
    if (origin or hint) in _GENERIC:
        return {_GENERIC[origin or hint]}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"string"}
    return {"object"} if dataclasses.is_dataclass(hint) else set()


def _from_default(default):
    return {} if default is None else {"type": _PLAIN[type(default)]}


def text(schema):
    """Return a schema file's text: one property a line, so that an upgrade reads well as a difference."""
    lines = json.dumps(schema, indent=1)
    for _ in range(2):
        lines = re.sub(
            r"([\[{])\n\s*([^\[\]{}]*(?:\{\}|\[[^\[\]{}\n]*\])?[^\[\]{}]*?)\n\s*([\]}])", _on_one_line, lines
        )
    return lines + "\n"


def _on_one_line(match):
    opening, inside, closing = match.groups()
    return opening + re.sub(r"\n\s*", " ", inside) + closing


if __name__ == "__main__":
    for file_name, write in WRITERS.items():
        (SCHEMAS / file_name).write_text(text(write()), encoding="utf-8")
