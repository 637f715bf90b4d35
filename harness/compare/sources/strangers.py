"""Logs of other programs, known by their files: what they are, and what to do to compare what they say."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.paths import read_record

_SOURCE = "or read them with a source of scores of your own (docs/extending.md)"
_AGAIN = f"Score the models with `lm_eval --log_samples --output_path`, {_SOURCE}."


@dataclass(frozen=True, slots=True)
class _Program:
    """A program, the files that it writes, and a further look at one of them where the name does not suffice."""

    name: str
    files: str
    is_its: Callable[[Path], bool]
    remedy: str = _AGAIN


def named_as_what_it_is(path: Path) -> str | None:
    """Return whose logs lie at a path, a file or a folder, and what to do; None where nobody's are known.

    Raises nothing, whatever lies there.
    """
    with suppress(OSError):
        for program in _PROGRAMS:
            found = next(_files_of(program, path), None)
            if found is not None:
                return f"{found.name} is a file of {program.name}. {program.remedy}"
    return None


def _files_of(program: _Program, path: Path) -> Iterator[Path]:
    candidates = [path] if path.is_file() else sorted(path.rglob(program.files)) if path.is_dir() else []
    return (each for each in candidates if each.match(program.files) and each.is_file() and program.is_its(each))


def _content(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        content = read_record(path)
        return content if isinstance(content, dict) else {}
    return {}


def _is_lighteval_results(path: Path) -> bool:
    return bool(_content(path).keys() & {"config_general", "summary_general"})


def _is_aggregate(path: Path) -> bool:
    return {"results", "configs"} <= _content(path).keys()


def _always(_: Path) -> bool:
    return True


_PROGRAMS = (
    _Program("lighteval (its details, item by item)", "details_*.parquet", _always),
    _Program("lighteval (its results, which hold means and no items)", "results_*.json", _is_lighteval_results),
    _Program("lmms-eval", "*_samples_*.jsonl", _always),
    _Program("HELM", "per_instance_stats.json", _always),
    _Program("lm-eval before 0.4", "*_write_out_info.json", _always),
    _Program(
        "lm-eval with the means of tasks and no items",
        "*.json",
        _is_aggregate,
        "Run lm_eval again with --log_samples beside --output_path.",
    ),
)
