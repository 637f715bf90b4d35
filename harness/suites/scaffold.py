"""A new task from a file of questions: the YAML, the loader beside it, and the rows of each split."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.declarations.tasks import find_task
from harness.declarations.trust import remember
from harness.errors import TaskError
from harness.suites import rows, splits
from harness.suites.rows import Kind

_LOADER = '''"""Loads {name} from the files of rows beside this one; every wrong row is named with its number."""

from pathlib import Path
from typing import Any

from datasets import Dataset

from harness.suites import rows


def load(**_metadata: Any) -> dict[str, Dataset]:
    """Return the splits."""
    files = {{split: Path(__file__).with_name(f"{{split}}.jsonl") for split in ({splits})}}
    return {{split: Dataset.from_list(rows.read(file, "{kind}")) for split, file in files.items()}}
'''
_HEAD = """task: {name}
custom_dataset: !function loader.load
"""
_SPLIT_FIELDS = {"train": "training_split", "validation": "validation_split", "test": "test_split"}
_BODY: dict[Kind, str] = {
    "multiple_choice": r"""output_type: multiple_choice
doc_to_text: "Question: {{question}}\nAnswer:"
doc_to_choice: choices
doc_to_target: answer
target_delimiter: " "
process_results: !function harness.suites.metrics.choice
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
  - {metric: answer_bits_per_byte, aggregation: mean, higher_is_better: false}
  - {metric: answer_margin, aggregation: mean, higher_is_better: true}
""",
    "generative": r"""output_type: generate_until
doc_to_text: "Question: {{question}}\nAnswer:"
doc_to_target: answer
target_delimiter: " "
generation_kwargs:
  until: ["\n"]
  max_gen_toks: 64
  do_sample: false
process_results: !function harness.suites.generation.free_text
metric_list:
  - {metric: rouge_l, aggregation: mean, higher_is_better: true}
  - {metric: token_f1, aggregation: mean, higher_is_better: true}
""",
    "perplexity": r"""output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: text
process_results: !function harness.suites.metrics.passage
metric_list:
  - {metric: bits_per_byte, aggregation: mean, higher_is_better: false}
""",
}
_TAIL = """metadata:
  version: 1.0
  title: "{name}, from {data}"
  kind: {kind}
  licence: unknown
  counts: {{{counts}}}
"""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def create(
    name: str,
    data: Path,
    kind: Kind,
    folder: Path,
    *,
    train: Path | None = None,
    seed: int = 0,
    keep_order: bool = False,
) -> tuple[Path, dict[str, int]]:
    """Write ``folder/name/`` with the task's YAML, its loader and the rows of each split; return the YAML and counts.

    The loader is trusted from then on, as long as it stays as it was written.

    Training rows are those of `train`, else a part of `data`'s clusters, drawn by `seed`. Right answers go round the
    positions unless the options are to keep their order. Raises `TaskError` for a name that is taken or unfit, for a
    folder that is there already, for every wrong row and for training rows that are test items; nothing is written
    then.
    """
    target = folder / name
    if not _NAME.fullmatch(name):
        raise TaskError(f"{name!r} cannot name a task: use small letters, digits and _, a letter first.")
    taken = find_task(name, beside=folder.parent)
    if taken or target.exists():
        raise TaskError(f"{name!r} is taken by {taken.path if taken else target}; choose another name.")
    found = _splits(data, kind, train, seed)
    path = write(target, kind, found, source=data.name, keep_order=keep_order)
    return path, {split: len(documents) for split, documents in found.items()}


def write(
    folder: Path,
    kind: Kind,
    found: Mapping[str, Sequence[dict[str, Any]]],
    *,
    source: str,
    keep_order: bool = False,
) -> Path:
    """Write the task that a new folder is named after: its YAML, which is returned, its loader and its splits.

    `source` says where its documents are from. The loader is trusted from then on, as long as it stays as it was
    written.
    """
    name = folder.name
    folder.mkdir(parents=True)
    for split, documents in found.items():
        _write(folder / f"{split}.jsonl", documents if keep_order else splits.rotated(documents))
    path = folder / f"{name}.yaml"
    path.write_text(_yaml(name, source, kind, {split: len(documents) for split, documents in found.items()}), "utf-8")
    listed = "".join(f'"{split}", ' for split in found)
    loader = folder / "loader.py"
    loader.write_text(_LOADER.format(name=name, kind=kind, splits=listed.rstrip()), "utf-8")
    remember([loader])
    return path


def _splits(data: Path, kind: Kind, train: Path | None, seed: int) -> dict[str, list[dict[str, Any]]]:
    documents = rows.read(data, kind)
    if train is None:
        found = splits.dealt(documents, seed)
    else:
        found = splits.with_training(documents, rows.read(train, kind, prefix="train-"), seed)
    return {split: found[split] for split in splits.SHARES if found.get(split)}


def _write(path: Path, documents: Sequence[Mapping[str, Any]]) -> None:
    lines = (json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    path.write_text("".join(lines), "utf-8")


def _yaml(name: str, data: str, kind: Kind, counts: Mapping[str, int]) -> str:
    fields = "".join(f"{_SPLIT_FIELDS[split]}: {split}\n" for split in counts)
    listed = ", ".join(f"{split}: {count}" for split, count in counts.items())
    return _HEAD.format(name=name) + fields + _BODY[kind] + _TAIL.format(name=name, data=data, kind=kind, counts=listed)
