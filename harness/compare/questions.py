"""Who answered which question how: every item with each arm's answers, what changed, and what is suspect.

An item is right for an arm where more than half of its runs are. Which answer is the right one stands in the log.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.compare.design import BASE, Arm, Design, ScoredRun
from harness.compare.sources.lm_eval import sample_file
from harness.compare.sources.sample_files import SampleFile
from harness.compare.sources.samples import samples
from harness.declarations.licences import may_be_shown
from harness.declarations.metrics import ACCURACIES, metric
from harness.errors import ComparisonError
from harness.spec.records import Suite
from harness.text import squeeze

LONGEST = 600
"""Characters of a question or an answer that are kept."""
_HIDDEN = "its licence does not let the questions be shown."
_SUSPECT = 3
"""As many runs have to agree on another answer before an item is called suspect."""

STATES = ("regressed", "fixed", "both wrong", "unchanged")
"""What became of an item against another arm; unchanged is right in both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmAnswers:
    """An arm's answers to one item, one a run that was scored, and its mean score, None where it is not in the log.

    `right` is the share of runs that were right, None where the log does not say. `against` holds by arm which of
    `STATES` the item is in beside that arm's.
    """

    answers: tuple[str, ...]
    score: float | None
    right: float | None
    against: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An item: what was asked, the options if any, the right answer, and each arm's answers by its name.

    `disagreement` is the range over arms of the share of right runs, or of the mean score where rightness is not known.
    `suspect` says that all runs agree on an answer that the log calls wrong.
    """

    text: str
    options: tuple[str, ...]
    target: str
    arms: Mapping[str, ArmAnswers]
    disagreement: float
    suspect: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteQuestions:
    """A suite's items, those first on which the arms differ most; `note` says why there are none.

    `counts` is by arm, by the arm that it is beside, how many items are in each of `STATES`.
    """

    task: str
    metric: str
    questions: tuple[Question, ...] = ()
    counts: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Logged:
    """One run's sample of an item."""

    text: str
    options: tuple[str, ...]
    target: str
    answer: str
    score: float | None
    right: float | None


def read_questions(design: Design, kept_back: Collection[str] = ()) -> tuple[SuiteQuestions, ...]:
    """Return the items of every suite of a design from lm-eval's logs, as far as each has them.

    A suite whose texts may not be shown, by its logs or because its task is among `kept_back`, or which has no logs of
    lm-eval's, has a note instead.
    """
    return tuple(
        _without(suite, _HIDDEN) if suite.task in kept_back else _read(design, suite) for suite in design.suites
    )


def _read(design: Design, suite: Suite) -> SuiteQuestions:
    arms = (*([design.base] if design.base else []), *design.arms)
    logged: dict[str, list[dict[str, _Logged]]] = {}
    try:
        for arm in arms:
            logged[arm.name] = [_run(run, suite, newest=design.newest) for run in _scored(arm)]
    except _HiddenError:
        return _without(suite, _HIDDEN)
    except (ComparisonError, OSError) as error:
        return _without(suite, f"the questions cannot be shown: {error}")
    names = [name for name, runs in logged.items() if runs]
    beside = [name for name in (design.reference.name, BASE) if name in names]
    questions = [*_questions(logged, names, beside)]
    questions.sort(key=lambda each: -each.disagreement)
    return SuiteQuestions(
        task=suite.task, metric=suite.metric, questions=tuple(questions), counts=_counts(questions, names)
    )


class _HiddenError(Exception):
    """A task's texts may not be shown."""


def _without(suite: Suite, note: str) -> SuiteQuestions:
    return SuiteQuestions(task=suite.task, metric=suite.metric, note=note)


def _scored(arm: Arm) -> Iterator[ScoredRun]:
    yield from (run for run in arm.runs if isinstance(run, ScoredRun))


def _run(run: ScoredRun, suite: Suite, *, newest: bool) -> dict[str, _Logged]:
    """Return a run's items by the hashes of their documents."""
    name, _, chosen = suite.metric.partition(",")
    file = SampleFile.of(sample_file(run, suite.task, name, newest=newest).path)
    config = file.noted_of_task("configs")
    if isinstance(config, dict) and not may_be_shown(config.get("metadata")):
        raise _HiddenError
    return {
        sample["doc_hash"]: _logged(sample, name)
        for _, sample in samples(file)
        if not chosen or sample["filter"] == chosen
    }


def _logged(sample: Mapping[str, Any], name: str) -> _Logged:
    prompt, options = asked(sample)
    document = sample.get("doc")
    said = document.get("question") if isinstance(document, Mapping) else None
    target = str(sample.get("target", ""))
    right = options[int(target)] if target.isdecimal() and int(target) < len(options) else target
    score = sample.get(name)
    return _Logged(
        text=_short(said if isinstance(said, str) else prompt[-LONGEST:]),
        options=options,
        target=_short(right),
        answer=_short(answered(sample, options)),
        score=float(score) if isinstance(score, int | float) else None,
        right=answered_right(sample, name),
    )


def _short(text: str) -> str:
    plain = squeeze(text)
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def asked(sample: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the prompt and, of several requests about one prompt, the options."""
    arguments = sample.get("arguments")
    requests = list(arguments.values()) if isinstance(arguments, Mapping) else arguments
    if not isinstance(requests, list) or not requests:
        return "", ()
    pairs = [list(each.values()) if isinstance(each, Mapping) else each for each in requests]
    if not all(isinstance(pair, list) for pair in pairs):
        return "", ()
    options = tuple(_short(str(pair[1])) for pair in pairs if len(pair) > 1 and isinstance(pair[1], str))
    return str(pairs[0][0]) if pairs[0] else "", options if len(options) > 1 else ()


def answered(sample: Mapping[str, Any], options: Sequence[str]) -> str:
    """Return the option of the greatest log-likelihood, or what was generated; nothing of a text that was scored."""
    given = sample.get("filtered_resps")
    if not isinstance(given, list) or not given:
        return ""
    if isinstance(given[0], str):
        return given[0]
    if len(options) != len(given):
        return ""
    try:
        likelihoods = [float(each[0]) for each in given]
    except (TypeError, ValueError, IndexError, KeyError):
        return ""
    return options[max(range(len(options)), key=likelihoods.__getitem__)]


def answered_right(sample: Mapping[str, Any], name: str) -> float | None:
    """Return whether a sample was answered right, as an accuracy has it; None where none was logged."""
    said = sample.get(name if name in ACCURACIES or metric(name).points else "acc")
    return float(said) if isinstance(said, int | float) else None


def _questions(
    logged: Mapping[str, Sequence[Mapping[str, _Logged]]], names: Sequence[str], beside: Sequence[str]
) -> Iterator[Question]:
    """Yield the items that every run has, in the order of the first."""
    runs = [run for name in names for run in logged[name]]
    for item, first in runs[0].items() if runs else ():
        if all(item in run for run in runs):
            found = {name: [run[item] for run in logged[name]] for name in names}
            arms = {name: _arm(each) for name, each in found.items()}
            yield Question(
                text=first.text,
                options=first.options,
                target=first.target,
                arms={name: _beside(name, arms, beside) for name in names},
                disagreement=_range(arms.values()),
                suspect=_suspect([each for several in found.values() for each in several]),
            )


def _arm(runs: Sequence[_Logged]) -> ArmAnswers:
    return ArmAnswers(
        answers=tuple(each.answer for each in runs),
        score=_mean([each.score for each in runs]),
        right=_mean([each.right for each in runs]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _beside(name: str, arms: Mapping[str, ArmAnswers], others: Iterable[str]) -> ArmAnswers:
    """Return an arm's answers with what became of the item beside the others; the untuned model is beside none."""
    states = {other: _state(arms[name].right, arms[other].right) for other in others if other != name}
    against = {other: state for other, state in states.items() if state is not None and name != BASE}
    return replace(arms[name], against=against)


def _state(own: float | None, other: float | None) -> str | None:
    if own is None or other is None:
        return None
    now, before = own > 0.5, other > 0.5  # noqa: PLR2004 - more than half of the runs
    return {(False, True): "regressed", (True, False): "fixed", (False, False): "both wrong"}.get(
        (now, before), "unchanged"
    )


def _range(arms: Iterable[ArmAnswers]) -> float:
    found = list(arms)
    rights, scores = [each.right for each in found], [each.score for each in found]
    values = [value for value in (scores if None in rights else rights) if value is not None]
    return max(values) - min(values) if values else 0.0


def _suspect(runs: Sequence[_Logged]) -> bool:
    answers = {each.answer for each in runs}
    return len(runs) >= _SUSPECT and len(answers) == 1 and answers != {""} and all(each.right == 0.0 for each in runs)


def _counts(questions: Sequence[Question], names: Sequence[str]) -> dict[str, dict[str, dict[str, int]]]:
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for each in questions:
        for name in names:
            for other, state in each.arms[name].against.items():
                of = counts.setdefault(name, {}).setdefault(other, dict.fromkeys(STATES, 0))
                of[state] += 1
    return counts
