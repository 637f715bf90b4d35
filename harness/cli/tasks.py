"""``harness tasks``: list what can be scored on, start a task from a file, check one."""

import argparse
import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness import api
from harness.cli._common import add_consent_option, entry, folder, quiet_imports
from harness.declarations.task_yaml import Declared
from harness.declarations.tasks import search
from harness.errors import TaskError
from harness.extras import require
from harness.suites.rows import KINDS

if TYPE_CHECKING:
    from harness.questions.items import Item

_ITEMS = 50


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments and its actions; without an action it lists."""
    _shared(parser)
    actions = parser.add_subparsers(dest="action", metavar="[new|check]")
    new = actions.add_parser("new", help="write a task's YAML, loader and splits from a JSONL file of questions")
    new.add_argument("name")
    new.add_argument("--from", dest="data", type=Path, required=True, metavar="DATA.jsonl")
    new.add_argument("--kind", choices=KINDS, default="multiple_choice")
    new.add_argument("--train", type=Path, metavar="TRAIN.jsonl", help="training rows; else a part of the questions")
    new.add_argument("--seed", type=_count, default=0, help="draws the split by cluster (0)")
    new.add_argument("--keep-order", action="store_true", help="leave options as they stand (“all of the above”)")
    new.add_argument("--into", type=Path, default=Path("tasks"), metavar="DIR", help="the folder of tasks (tasks)")
    check = actions.add_parser("check", help="put a task through the quality gates and the untuned base model")
    check.add_argument("name")
    check.add_argument("--items", type=_count, default=_ITEMS, help=f"items for the base model; 0 for none ({_ITEMS})")
    check.add_argument("--model", default="gap", metavar="SPEC", help="the spec whose base model is asked (gap)")
    add_consent_option(check)
    _shared(check, default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Do what was asked; the exit code of ``check`` is 1 where the task fails a gate."""
    if args.action == "new":
        return _new(args)
    return _check(args) if args.action == "check" else _list(args)


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of items: 0 or more")
    return int(text)


def _shared(parser: argparse.ArgumentParser, default: Any = None) -> None:
    parser.add_argument(
        "--include-path",
        action="append",
        default=[] if default is None else default,
        type=folder,
        metavar="DIR",
        help="also look here (repeatable)",
    )
    parser.add_argument("--json", action="store_true", default=False if default is None else default, help="print JSON")


def _list(args: argparse.Namespace) -> int:
    found = search(beside=Path.cwd(), include=args.include_path)
    rows = [_described(task) for _, task in sorted(found.tasks.items())]
    if args.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print("\n".join(map(_entry, rows)))
        for cited in dict.fromkeys((row["release"], row["citation"]) for row in rows if row["citation"]):
            print("cite for {}: {}".format(*cited))
    for error in found.broken:
        print(error, file=sys.stderr)
    return TaskError.exit_code if found.broken else 0


def _entry(row: dict[str, Any]) -> str:
    forms = f"forms: {', '.join(row['forms'])}" if row["forms"] else ""
    facts = "; ".join(part for part in (row["role"], _items(row)) if part)
    return entry(row["task"], facts, row["description"], "; ".join(filter(None, (forms, _dated(row), row["licence"]))))


def _described(task: Declared) -> dict[str, Any]:
    metadata = {name: value for name, value in task.metadata.items() if _is_as_told(name, value)}
    source = metadata.get("source") or {}
    return {
        "task": task.name,
        "role": metadata.get("role", ""),
        "distance": metadata.get("distance", ""),
        "counts": metadata.get("counts", {}),
        "members": task.members,
        "forms": metadata.get("forms", []),
        "licence": metadata.get("licence", ""),
        "source": _source(source) if isinstance(source, dict) else str(source),
        "release": metadata.get("release", ""),
        "citation": metadata.get("citation", ""),
        "description": metadata.get("title", ""),
        "path": str(task.path),
    }


def _is_as_told(name: str, value: Any) -> bool:
    """Tell whether a field of a stranger's metadata is of the kind that is shown; others are left out."""
    if name == "forms":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if name == "counts":
        return isinstance(value, dict) and all(isinstance(each, int) for each in value.values())
    return isinstance(value, dict | str) if name == "source" else isinstance(value, str)


def _source(source: dict[str, Any]) -> str:
    if "hub" in source:
        return f"hub: {source['hub']}"
    return f"{source['package']}=={source['version']}" if source.keys() >= {"package", "version"} else ""


def _dated(row: dict[str, Any]) -> str:
    """Return the source with the release of the data that it carries."""
    return f"{row['source']} ({row['release']})" if row["release"] else str(row["source"])


def _items(row: dict[str, Any]) -> str:
    if row["members"]:
        return f"group of {len(row['members'])}"
    return ", ".join(f"{split} {count:,}" for split, count in row["counts"].items())


def _new(args: argparse.Namespace) -> int:
    from harness.suites import scaffold

    path, counts = scaffold.create(
        args.name, args.data, args.kind, args.into, train=args.train, seed=args.seed, keep_order=args.keep_order
    )
    print(f"wrote {path} with its loader and rows: {', '.join(f'{split} {count}' for split, count in counts.items())}")
    if "train" not in counts:
        print("every row is a test item: too few clusters to part; give training rows with --train")
    print(f"next: harness tasks check {args.name}")
    return 0


def _check(args: argparse.Namespace) -> int:
    require("run", "harness tasks check")
    quiet_imports()
    from harness.evaluation.progress import without_bars
    from harness.suites.load import load_task

    with without_bars():
        task = load_task(args.name, beside=Path.cwd(), include=args.include_path)
    splits = {name: list(documents) for name, documents in task.dataset.items()}
    found = [f"{split}: {problem}" for split, documents in splits.items() for problem in _problems(documents)]
    with contextlib.redirect_stderr(io.StringIO()):  # what libraries say while they load a model
        scores = _base_scores(args) if args.items else {}
    if args.json:
        counts = {split: len(documents) for split, documents in splits.items()}
        base = {metric: (score.mean, score.margin) for metric, score in scores.items()}
        print(json.dumps({"task": args.name, "counts": counts, "problems": found, "base_model": base}, indent=2))
    else:
        _print(splits, found, scores)
        metadata = task.config.metadata or {}
        if metadata.get("citation"):
            print(f"cite for {metadata.get('release', args.name)}: {metadata['citation']}")
    return 1 if found else 0


def _problems(documents: Sequence[dict[str, Any]]) -> list[str]:
    """Put a multiple-choice split through the gates; other kinds have no options to be shallow about."""
    from harness.questions import fairness

    if not documents or "choices" not in documents[0]:
        return [] if documents else ["the split is empty"]
    return fairness.problems(_as_items(documents))


def _as_items(documents: Sequence[dict[str, Any]]) -> "list[Item]":
    """Return the documents as items; raises `TaskError` with every document that is none."""
    from harness.questions.items import Item

    items, wrong = [], []
    for number, document in enumerate(documents, start=1):
        try:
            items.append(Item.of(document))
        except KeyError as error:
            wrong.append(f"document {number} lacks {error}; a question needs `question`, `choices` and `answer`")
        except (TypeError, ValueError) as error:
            wrong.append(f"document {number} is not a question with one right answer: {error}")
    if wrong:
        raise TaskError("\n".join(wrong))
    return items


def _print(
    splits: dict[str, list[dict[str, Any]]],
    found: list[str],
    scores: dict[str, "_Score"],
) -> None:
    for split, documents in splits.items():
        clusters = len({document.get("cluster") for document in documents})
        print(f"{split}: {len(documents)} items in {clusters} clusters")
    for metric, score in scores.items():
        margin = "(one item has no interval)" if score.margin is None else f"± {score.margin:.3f} (95%)"
        print(f"untuned base model, {score.items} items: {metric} {score.mean:.3f} {margin}")
    print("\n".join(found) if found else "every gate passed")


class _Score(NamedTuple):
    """A metric's mean over the items and the half-width of its 95% interval over items, None for one item."""

    items: int
    mean: float
    margin: float | None


def _base_scores(args: argparse.Namespace) -> dict[str, _Score]:
    model = api.load(args.model, include=args.include_path).model
    with tempfile.TemporaryDirectory() as folder:
        (done,) = api.evaluate(model, args.name, out=folder, limit=args.items, include=args.include_path)
        with (Path(folder) / done.samples).open(encoding="utf-8") as lines:
            samples = [json.loads(line) for line in lines]
    metrics = dict.fromkeys(key.partition(",")[0] for key in done.metrics)
    return {metric: _interval([sample[metric] for sample in samples]) for metric in metrics}


def _interval(values: Iterable[float]) -> _Score:
    import math
    import statistics

    from scipy.special import stdtrit

    scores = list(values)
    if len(scores) < 2:  # noqa: PLR2004 - one item has no spread
        return _Score(len(scores), scores[0], None)
    error = statistics.stdev(scores) / math.sqrt(len(scores))
    return _Score(len(scores), statistics.fmean(scores), float(stdtrit(len(scores) - 1, 0.975)) * error)
