"""What the arms of a run generated for a suite, read from lm-eval's logs, question by question."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.compare.design import DEFAULT_CLUSTER, NO_CLUSTER, Arm, Design, ScoredRun
from harness.compare.questions import asked
from harness.compare.sources.sample_files import SampleFile
from harness.compare.sources.samples import Sample, samples
from harness.errors import ComparisonError
from harness.text import several

_ITEM = 16
"""Hexadecimal digits of a document's hash that name an item: 64 bits tell a suite's items apart."""
_DELIMITER = "\n\n"
"""What lm-eval puts between examples where a task says nothing."""
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """A question: its item, what was asked (without the examples before it), its document and its cluster."""

    item: str
    text: str
    document: Mapping[str, Any]
    cluster: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was generated for a suite: `texts` by arm and place of the seed, then by item.

    `seeds` are the places at which all arms have answers, `posed` the questions that all of these have.
    """

    task: str
    metadata: Mapping[str, Any]
    posed: tuple[Posed, ...]
    seeds: tuple[int, ...]
    texts: Mapping[tuple[str, int], Mapping[str, str]]


def read_answers(design: Design, arms: Sequence[Arm], task: str | None) -> Answers:
    """Return what some arms of a design generated for a task, or for the one for which they did.

    An arm of one run, the untuned base's, stands beside every seed. Raises `ComparisonError` where there is no such
    task, several and none is named, or no seed at which all arms have answered.
    """
    seeds = _seeds(arms, design.seeds)
    first = _run_at(arms[0], seeds[0])
    chosen = _task(first, task)
    file = SampleFile.of(first.samples[chosen])
    found = {(arm.name, k): _texts(_run_at(arm, k), chosen) for arm in arms for k in seeds}
    common = set.intersection(*(set(texts) for texts in found.values()))
    posed = [each for each in _posed(file, _cluster_of(design, chosen)) if each.item in common]
    config = file.noted_of_task("configs")
    metadata = config.get("metadata") if isinstance(config, dict) else None
    return Answers(
        task=chosen,
        metadata=metadata if isinstance(metadata, dict) else {},
        posed=tuple(posed),
        seeds=tuple(seeds),
        texts=found,
    )


def generated(sample: Sample) -> str | None:
    """Return the text that was generated, before any filter took a part of it; None where nothing was."""
    match sample.get("resps"):
        case [[str(text), *_], *_]:
            return text
    match sample.get("filtered_resps"):
        case [str(text), *_]:
            return text
    return None


def _seeds(arms: Sequence[Arm], count: int) -> list[int]:
    found = [k for k in range(count) if all(isinstance(_entry(arm, k), ScoredRun) for arm in arms)]
    if not found:
        names = ", ".join(arm.name for arm in arms)
        raise ComparisonError(
            f"no seed has finished with all of {names}: there are no answers to put beside each other."
        )
    return found


def _entry(arm: Arm, seed: int) -> Any:
    return arm.runs[seed if len(arm.runs) > 1 else 0]


def _run_at(arm: Arm, seed: int) -> ScoredRun:
    run = _entry(arm, seed)
    assert isinstance(run, ScoredRun)
    return run


def _task(run: ScoredRun, named: str | None) -> str:
    """Return the task to be rated: the named one, or the only one whose answers are generated."""
    generating = [task for task, path in run.samples.items() if _generates(SampleFile.of(path))]
    if named in generating:
        return named
    others = ", ".join(run.samples) or "none"
    if not generating:
        raise ComparisonError(
            f"no suite of the run has generated answers (its suites: {others}): score one whose output_type is "
            "generate_until, such as medical_cot_gen."
        )
    if named is not None:
        why = "its answers are not generated" if named in run.samples else "the run has no such suite"
        raise ComparisonError(f"{named} cannot be rated: {why}. These can: {', '.join(generating)}.")
    if len(generating) > 1:
        raise ComparisonError(f"several suites have generated answers: name one of {', '.join(generating)} by --suite.")
    return generating[0]


def _generates(file: SampleFile) -> bool:
    _, first = next(samples(file))
    return generated(first) is not None


def _texts(run: ScoredRun, task: str) -> dict[str, str]:
    """Return what a run generated, by item; of a task with several filters each document comes once a filter."""
    if task not in run.samples:
        raise ComparisonError(f"{run.folder} has no samples of {task}: the same `harness run` scores it.")
    path = run.samples[task]
    found: dict[str, str] = {}
    without: list[str] = []
    for number, sample in samples(SampleFile.of(path)):
        text = generated(sample)
        if text is None:
            without.append(f"line {number}")
        else:
            found.setdefault(sample["doc_hash"][:_ITEM], text)
    if without:
        raise ComparisonError(f"{path}: {len(without)} samples have no generated text ({several(without, _SHOWN)}).")
    return found


def _cluster_of(design: Design, task: str) -> str | None:
    said = {suite.task: suite.cluster for suite in design.suites}.get(task, DEFAULT_CLUSTER)
    return None if said == NO_CLUSTER else said


def _posed(file: SampleFile, cluster: str | None) -> Iterator[Posed]:
    """Yield the questions of a file, each once, in its order."""
    found = {sample["doc_hash"][:_ITEM]: sample for _, sample in samples(file)}
    before = _shared_examples(file, [asked(sample)[0] for sample in found.values()])
    for item, sample in found.items():
        document = sample.get("doc")
        known = document if isinstance(document, dict) else {}
        label = known.get(cluster) if cluster is not None else None
        yield Posed(
            item=item,
            text=asked(sample)[0].removeprefix(before).strip(),
            document=known,
            cluster=None if label is None else str(label),
        )


def _shared_examples(file: SampleFile, prompts: Sequence[str]) -> str:
    """Return the examples that stand before every question alike; nothing where each has its own, or there are none."""
    shots = file.noted_of_task("n-shot")
    if not isinstance(shots, int) or shots < 1:
        return ""
    config = file.noted_of_task("configs")
    said = config.get("fewshot_delimiter") if isinstance(config, dict) else None
    delimiter = said if isinstance(said, str) and said else _DELIMITER
    head, found, _ = _common(min(prompts), max(prompts)).rpartition(delimiter) if len(prompts) > 1 else ("", "", "")
    return head + found


def _common(first: str, last: str) -> str:
    """Return what two texts begin with; the first and last of many in their order share what all do."""
    ends = (k for k, (mine, other) in enumerate(zip(first, last, strict=False)) if mine != other)
    return first[: next(ends, min(len(first), len(last)))]
