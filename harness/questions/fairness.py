"""Fair sets of multiple-choice items: no shallow cue gives the right option away, no position holds it more often.

Wrong options are chosen, items dropped and answers placed so that this holds; `problems` tells of anyone's items
whether it does.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from harness import text
from harness.questions import stable
from harness.questions.items import Item
from harness.questions.wording import overlap

Heuristic = Callable[[Item], float]
OPTIONS = 4
LIMIT = 0.31
"""What a heuristic may score on a suite; guessing scores 0.25 with four options."""
_LUCK = 0.001
"""How seldom a guess may do as well by luck to be a finding; three guesses are tried on each split."""
_ASIDE = 0.02
"""How far under `LIMIT` each form is held, so that a mix of forms stays under it."""
_PUNCTUATION = re.compile(r"[.,:;!?\"'()\[\]`]")


def wrong_options(pool: Iterable[str], *, answer: str, cue: str, key: str) -> list[str] | None:
    """Return three wrong options for `answer`, or None when `pool` has fewer.

    Those that share most words with the question (`cue`) come first, so that word overlap finds them rather than
    the answer; how many of them are shorter than the answer is drawn from `key`, so that length says nothing.
    """
    ranked = sorted(
        {option for option in pool if option.casefold() != answer.casefold()},
        key=lambda option: (-round(4 * overlap(option, cue)), stable.number(key, option)),
    )
    if len(ranked) < OPTIONS - 1:
        return None
    shorter = [option for option in ranked if len(option) < len(answer)]
    longer = [option for option in ranked if len(option) >= len(answer)]
    wanted = stable.number(key, "shorter") % OPTIONS
    first = shorter[:wanted] + longer[: OPTIONS - 1 - wanted]
    return (first + [option for option in ranked if option not in first])[: OPTIONS - 1]


def polish(items: Iterable[Item]) -> list[Item]:
    """Return a split without repeated questions and shallow cues, form by form, in its final order."""
    by_form: dict[str, list[Item]] = defaultdict(list)
    for item in _distinct(items):
        by_form[item.form].append(item)
    return arranged(item for group in by_form.values() for item in fair(group, LIMIT - _ASIDE))


def _distinct(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the first item of each question, and none whose answer stands in its question."""
    seen: set[str] = set()
    for item in items:
        question = text.normalise(item.question)
        if question not in seen and not text.contains(item.question, item.right):
            seen.add(question)
            yield item


def fair(items: Sequence[Item], limit: float) -> list[Item]:
    """Drop, in an order drawn from the ids, items that heuristics solve until none scores over `limit`.

    Items that most heuristics solve go first.
    """
    kept = list(items)
    for heuristic in HEURISTICS.values():
        kept = _below(kept, heuristic, limit)
    return kept if all(score <= limit for score in heuristic_scores(kept).values()) else fair(kept, limit)


def _below(items: list[Item], heuristic: Heuristic, limit: float) -> list[Item]:
    solved = sorted(
        (item for item in items if heuristic(item) > limit),
        key=lambda item: (-sum(each(item) for each in HEURISTICS.values()), stable.number("fair", item.id)),
    )
    total, count, dropped = sum(map(heuristic, items)), len(items), set()
    for item in solved:
        if total <= limit * count:
            break
        total, count = total - heuristic(item), count - 1
        dropped.add(item.id)
    return [item for item in items if item.id not in dropped]


def arranged(items: Iterable[Item]) -> list[Item]:
    """Return the items in stable hash order, the right answer going round the positions.

    Every prefix is therefore a fair sample of forms and objects, and balanced to one item.
    """
    ordered = sorted(items, key=lambda item: (stable.number("arranged", item.id), item.id))
    return [item.with_answer_at(place % len(item.choices)) for place, item in enumerate(ordered)]


def most_overlap(item: Item) -> float:
    """Score the guess at the option with the largest share of its words in the question."""
    return _expected(item, [overlap(choice, item.question) for choice in item.choices])


def longest(item: Item) -> float:
    """Score the guess at the longest option."""
    return _expected(item, [len(choice) for choice in item.choices])


def shortest(item: Item) -> float:
    """Score the guess at the shortest option."""
    return _expected(item, [-len(choice) for choice in item.choices])


def _expected(item: Item, merits: Sequence[float]) -> float:
    """Return the chance to be right when guessing among the options of highest merit."""
    best = max(merits)
    winners = [at for at, merit in enumerate(merits) if math.isclose(merit, best)]
    return (item.answer in winners) / len(winners)


HEURISTICS: Mapping[str, Heuristic] = {"most_overlap": most_overlap, "longest": longest, "shortest": shortest}
"""Shallow ways to answer without understanding, each with its chance to be right in [0, 1]."""


def heuristic_scores(items: Sequence[Item]) -> dict[str, float]:
    """Return each heuristic's mean score, in [0, 1]; nothing for no items."""
    return {name: sum(map(heuristic, items)) / len(items) for name, heuristic in HEURISTICS.items()} if items else {}


def problems(items: Sequence[Item]) -> list[str]:
    """Return everything that is wrong with a set, in words; nothing for a good one.

    Checked: no shallow heuristic over `LIMIT` (or over chance where options are fewer than four or items few), the
    right answer equally often at each position (to one item), no question twice, no right answer spelt out in its
    own question.
    """
    if not items:
        return ["the split is empty"]
    return [*_shallow(items), *_uneven_positions(items), *_repeated(items), *_spelt_out(items)]


def _shallow(items: Sequence[Item]) -> Iterator[str]:
    from scipy.stats import binom

    chance = sum(1 / len(item.choices) for item in items) / len(items)
    # A small set may exceed the limit by luck: what one guess in a thousand reaches is no finding.
    limit = max(LIMIT, float(binom.isf(_LUCK, len(items), chance)) / len(items))
    for name, score in heuristic_scores(items).items():
        if score > limit:
            yield (
                f"guessing by {name} scores {score:.3f} (at most {limit:.3f} is allowed): "
                "choose wrong options that are as long as the right one and share as many words with the question"
            )


def _uneven_positions(items: Sequence[Item]) -> Iterator[str]:
    for width in sorted({len(item.choices) for item in items}):
        counts = Counter(item.answer for item in items if len(item.choices) == width)
        spread = [counts[position] for position in range(width)]
        if max(spread) - min(spread) > 1:
            yield f"of {width} options the right one stands {spread} times at each position: rotate the options"


def _repeated(items: Sequence[Item]) -> Iterator[str]:
    """Compare questions without case and punctuation; symbols such as + and < tell questions apart."""
    counts = Counter(text.squeeze(_PUNCTUATION.sub(" ", item.question.casefold())) for item in items)
    for question, count in counts.items():
        if count > 1:
            yield f"{count} items ask {question!r}"


def _spelt_out(items: Sequence[Item]) -> Iterator[str]:
    for item in items:
        if text.contains(item.question, item.right):
            yield f"item {item.id}: the answer {item.right!r} stands in its question"
