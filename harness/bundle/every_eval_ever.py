"""A run in the format of Every Eval Ever: an aggregate record for each cell, and its items as JSON lines beside it.

The format is that of its schemas, version 0.3.0 (https://github.com/evaleval/every_eval_ever); files lie as its store
has them, ``data/BENCHMARK/DEVELOPER/MODEL/``.
"""

import hashlib
import json
import math
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import __version__
from harness.compare.cell_scores import CellScore, cell_scores
from harness.compare.exported import kept_back_of
from harness.compare.questions import answered, answered_right, asked
from harness.compare.sources.sample_files import SampleFile
from harness.compare.sources.samples import samples
from harness.declarations.metrics import metric
from harness.ledger import RunFolder
from harness.records import CellResult
from harness.storage import writing

VERSION = "0.3.0"
"""The version of the schemas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The files that were written, and suites whose items are not among them, with the licence that keeps them back."""

    files: tuple[Path, ...]
    kept_back: Mapping[str, str]


def export(run: RunFolder, folder: Path, *, now: int) -> Exported:
    """Write the scores of a run's finished cells below `folder`; `now` is the time of the records in Unix seconds.

    Raises `ComparisonError` and `DamagedError` where logged scores cannot be read, and `StorageError` where a file
    cannot be written.
    """
    withheld = kept_back_of(run)
    scores = cell_scores(run)
    written: list[Path] = []
    for outcome in run.outcomes:
        if not isinstance(outcome, CellResult):
            continue
        record = _aggregate(run, outcome, scores[outcome.cell.id], now)
        lines = "".join(_line(each) for each in _instances(run, outcome, record, scores[outcome.cell.id], withheld))
        owner, _, name = record["model_info"]["id"].rpartition("/")
        place = Path("data", run.experiment.name, owner, name)
        stem = _stem(f"{run.experiment.name} {outcome.cell.id}")
        if lines:
            items = place / f"{stem}_samples.jsonl"
            record["detailed_evaluation_results"] = {
                "format": "jsonl",
                "file_path": items.as_posix(),
                "hash_algorithm": "sha256",
                "checksum": hashlib.sha256(lines.encode()).hexdigest(),
                "total_rows": lines.count("\n"),
            }
            written.append(_write(folder / items, lines))
        written.append(_write(folder / place / f"{stem}.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n"))
    return Exported(files=tuple(written), kept_back=withheld)


def _aggregate(run: RunFolder, result: CellResult, scores: tuple[CellScore, ...], now: int) -> dict[str, Any]:
    cell, experiment = result.cell, run.experiment
    base = cell.model or experiment.model.name
    owner, _, name = base.rpartition("/")
    trained = cell.recipe if cell.seed is None else f"{cell.recipe}--s{cell.seed}"
    model = f"{owner or 'unknown'}/{name}--{trained}"
    said = {"deployment_type": "self_deployed", "model_availability": "unknown"}
    return {
        "schema_version": VERSION,
        "evaluation_id": f"{experiment.name}/{model}/{now}",
        "retrieved_timestamp": str(now),
        "source_metadata": {
            "source_name": f"{experiment.name}, a run of harness",
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "first_party",
        },
        "eval_library": {
            "name": "lm_eval",
            "version": run.lock.versions.get("lm_eval", "unknown"),
            "additional_details": {"run_by": f"harness {__version__}"},
        },
        "model_info": {
            "name": f"{base}, {trained}",
            "id": model,
            "additional_details": {
                **said,
                "base_model": base,
                "recipe": cell.recipe,
                **({} if cell.seed is None else {"training_seed": str(cell.seed)}),
            },
        },
        "evaluation_results": [_result(run, result, each) for each in scores],
    }


def _result(run: RunFolder, result: CellResult, score: CellScore) -> dict[str, Any]:
    name, _, chosen = score.metric.partition(",")
    details: dict[str, Any] = {"score": score.score}
    if score.interval is not None:
        lower, upper = score.interval
        interval = {"lower": lower, "upper": upper, "confidence_level": score.level, "method": "cluster-robust t"}
        details["uncertainty"] = {"confidence_interval": interval, "num_samples": score.items}
    return {
        "evaluation_result_id": _result_id(result, score),
        "evaluation_name": score.suite,
        "source_data": {"dataset_name": score.suite, "source_type": "other"},
        "metric_config": {
            "metric_id": name,
            "lower_is_better": not _higher_is_better(_file(run, result, score.suite), name),
            "score_type": "continuous",
            "min_score": _bound(metric(name).low),
            "max_score": _bound(metric(name).high),
            "additional_details": {"role": score.role, "filter": chosen or "none"},
        },
        "score_details": details,
    }


def _stem(text: str) -> str:
    """Return a name that looks drawn, as the store asks, and is the same for the same cell."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def _bound(value: float) -> float | str:
    """Return an end of a metric's range; the schema has a word where there is none."""
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def _higher_is_better(file: SampleFile, name: str) -> bool:
    known = metric(name).higher_is_better
    noted = file.noted_of_task("higher_is_better")
    return bool(noted.get(name, True)) if known is None and isinstance(noted, dict) else known is not False


def _result_id(result: CellResult, score: CellScore) -> str:
    return f"{result.cell.id}/{score.suite}/{score.metric}"


def _file(run: RunFolder, result: CellResult, task: str) -> SampleFile:
    (evaluation,) = (each for each in result.evaluations if each.task == task)
    return SampleFile.of(run.cell_folder(result.cell) / evaluation.samples)


def _instances(
    run: RunFolder,
    result: CellResult,
    record: Mapping[str, Any],
    scores: tuple[CellScore, ...],
    withheld: Mapping[str, str],
) -> Iterator[dict[str, Any]]:
    """Yield the items of suites that may be given on and whose score is one of each item."""
    known = {
        "schema_version": VERSION,
        "evaluation_id": record["evaluation_id"],
        "model_id": record["model_info"]["id"],
    }
    for score in scores:
        name, _, chosen = score.metric.partition(",")
        for _, sample in samples(_file(run, result, score.suite)) if score.suite not in withheld else ():
            value = sample.get(name)
            if sample["filter"] == (chosen or "none") and isinstance(value, int | float):
                suite = {"evaluation_name": score.suite, "evaluation_result_id": _result_id(result, score)}
                yield {**known, **suite, **_instance(sample, name, float(value))}


def _instance(sample: Mapping[str, Any], name: str, score: float) -> dict[str, Any]:
    prompt, options = asked(sample)
    target = str(sample.get("target", ""))
    right = options[int(target)] if target.isdecimal() and int(target) < len(options) else target
    said = answered_right(sample, name)
    told = "an accuracy" if said is not None else "a score above 0"
    return {
        "sample_id": sample["doc_hash"],
        "sample_hash": hashlib.sha256((prompt + right).encode()).hexdigest(),
        "interaction_type": "single_turn",
        "input": {"raw": prompt, "reference": [right], **({"choices": list(options)} if options else {})},
        "output": {"raw": [answered(sample, options)]},
        "answer_attribution": [],
        "evaluation": {"score": score, "is_correct": bool(said) if said is not None else score > 0},
        "metadata": {"is_correct_by": told},
    }


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path: Path, text: str) -> Path:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path
