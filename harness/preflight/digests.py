"""Digests of what scores come from: how texts are cut into tokens, the requests of a suite, the code that scores.

A file's name or place, a comment and a YAML's layout change none; a right answer, an option, a prompt's wording and
the code that scores do, wherever they were read from.
"""

import ast
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from lm_eval.api.task import Task
from transformers import PreTrainedTokenizerBase

from harness.evaluation.progress import without_bars
from harness.evaluation.scorer import SCORER_VERSION
from harness.spec.records import Experiment, Suite
from harness.suites.documents import ChatTemplate
from harness.suites.examples import with_shots
from harness.suites.scored import scored_places
from harness.training.rows import chat_template

_SCORING_FIELDS = ("output_type", "generation_kwargs", "metric_list", "filter_list", "repeats")
"""Fields of a task's configuration that have a part in its scores and do not show in its requests."""


def tokenizer_sha256(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a digest of how the tokenizer cuts texts, of its special tokens and of its chat template."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    said = {
        "rules": backend.to_str() if backend is not None else sorted(tokenizer.get_vocab().items()),
        "kind": type(tokenizer).__name__,
        "special": {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
        "template": tokenizer.chat_template,
        "opens": tokenizer("a")["input_ids"],
    }
    return sha256(said)


def suite_sha256(suite: Suite, task: Task, experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a digest of the suite's items, of every request that is made for them, and of what scores the answers."""
    template = chat_template(tokenizer) if experiment.evaluation.apply_chat_template else None
    whole = hashlib.sha256(_json(_scoring(task)))
    task = with_shots(task, suite)
    for part in _items(task, scored_places(task, suite, experiment.evaluation), template=template):
        whole.update(_json(part) + b"\n")
    return whole.hexdigest()


def _scoring(task: Task) -> Mapping[str, Any]:
    """Return what turns answers into scores: the task's fields, the code of its functions, the versions of scorers."""
    fields = {name: _without_functions(getattr(task.config, name, None)) for name in _SCORING_FIELDS}
    return {
        "fields": fields,
        "code": {name: code_sha256(function) for name, function in _functions(task.config).items()},
        "task": None if type(task).__module__.startswith("lm_eval.") else code_sha256(type(task)),
        "scorer": SCORER_VERSION,
        "lm_eval": version("lm_eval"),
    }


def _functions(config: Any) -> dict[str, Callable[..., Any]]:
    """Return the functions of a task's configuration that score; those that build items show in the items."""
    found = {} if not callable(config.process_results) else {"process_results": config.process_results}
    for place, metric in enumerate(config.metric_list or ()):
        found |= {
            f"{field} {place}": metric[field] for field in ("metric", "aggregation") if callable(metric.get(field))
        }
    return found


def _without_functions(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_functions(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_functions(each) for each in value]
    return None if callable(value) else value


def _items(task: Task, places: list[int] | None, *, template: ChatTemplate | None) -> Iterator[Any]:
    """Yield each document that is scored and every request that lm-eval makes for it, prompts rendered."""
    with without_bars():
        task.build_all_requests(samples=places, apply_chat_template=template is not None, chat_template=template)
    seen: set[Any] = set()
    for request in task.instances:
        if request.doc_id not in seen:
            seen.add(request.doc_id)
            yield [request.doc, task.doc_to_target(request.doc)]
        yield [request.request_type, request.args]


def code_sha256(function: Callable[..., Any]) -> str:
    """Return a digest of the code of a function's module, and of the modules of the same author that it imports.

    Comments, docstrings and layout do not count. Code that is not in a file counts by its name.
    """
    module = inspect.getmodule(function)
    if module is None or getattr(module, "__file__", None) is None:
        return sha256(getattr(function, "__qualname__", repr(function)))
    return sha256([getattr(function, "__qualname__", ""), *_code(module, set())])


def _code(module: ModuleType, seen: set[str]) -> Iterator[str]:
    file = Path(str(module.__file__)).resolve()
    if str(file) in seen or file.suffix != ".py":
        return
    seen.add(str(file))
    tree = ast.parse(file.read_text(encoding="utf-8"))
    yield ast.dump(_without_docstrings(tree))
    for name in sorted(_imported(tree)):
        other = sys.modules.get(name)
        if other is not None and getattr(other, "__file__", None) and _same_author(file, name, other):
            yield from _code(other, seen)


def _same_author(file: Path, name: str, other: ModuleType) -> bool:
    return name.startswith("harness.") or Path(str(other.__file__)).resolve().parent == file.parent


def _imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            # A text that stands alone, as one below an attribute does, says something to readers only.
            node.body = [line for line in node.body if not _is_text(line)] or [ast.Pass()]
    return tree


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def sha256(value: Any) -> str:
    """Return the digest of a JSON value, or of one that holds arrays or dates."""
    return hashlib.sha256(_json(value)).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=_plain).encode()


def _plain(value: Any) -> Any:
    """Return a JSON value for what documents may hold beside plain ones: arrays, dates."""
    listed = getattr(value, "tolist", None)
    return listed() if listed is not None else str(value)
