"""A new task from a file of questions: the YAML, the loader beside it, and a copy of the data."""

import re
import shutil
from pathlib import Path

from harness.declarations.tasks import find_task
from harness.errors import TaskError
from harness.suites import rows
from harness.suites.rows import Kind

_LOADER = '''"""Loads {name} from {data} beside this file; every wrong row is named with its number."""

from pathlib import Path
from typing import Any

from datasets import Dataset

from harness.suites import rows


def load(**_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return {{"test": Dataset.from_list(rows.read(Path(__file__).with_name("{data}"), "{kind}"))}}
'''
_HEAD = """task: {name}
custom_dataset: !function loader.load
test_split: test
"""
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
  counts: {{test: {count}}}
"""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def create(name: str, data: Path, kind: Kind, folder: Path) -> Path:
    """Write ``folder/name/`` with the task's YAML, its loader and a copy of `data`; return the YAML's path.

    Raises `TaskError` for a name that is taken or unfit, for a folder that is there already, and for every wrong
    row of `data`; nothing is written then.
    """
    target = folder / name
    if not _NAME.fullmatch(name):
        raise TaskError(f"{name!r} cannot name a task: use small letters, digits and _, a letter first.")
    taken = find_task(name, beside=folder.parent)
    if taken or target.exists():
        raise TaskError(f"{name!r} is taken by {taken.path if taken else target}; choose another name.")
    documents = rows.read(data, kind)
    target.mkdir(parents=True)
    shutil.copyfile(data, target / data.name)
    (target / "loader.py").write_text(_LOADER.format(name=name, data=data.name, kind=kind), "utf-8")
    tail = _TAIL.format(name=name, data=data.name, kind=kind, count=len(documents))
    path = target / f"{name}.yaml"
    path.write_text(_HEAD.format(name=name) + _BODY[kind] + tail, "utf-8")
    return path
