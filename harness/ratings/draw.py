"""Which questions become pairs, in which order they are shown and which recipe stands first: drawn from a named seed.

Questions are drawn in proportion over form, subject and cluster. Each cluster of questions is dealt one of the training
seeds, so that the seeds have as many questions each as clusters allow, and both sides of a pair come from one seed. The
reference stands on side A in half of each candidate's pairs.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import UsageError
from harness.ratings.answers import Answers, Posed
from harness.suites.drawing import drawn, labels_of

ITEMS = 40
"""Questions that are drawn where no number is asked for."""
FEWEST = 2
"""Questions that an interval takes at the least."""
_DIGEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two answers to one question as a rater sees them, and who gave them; `place` is that of the training seed."""

    name: str
    question: str
    answer_a: str
    answer_b: str
    recipe_a: str
    recipe_b: str
    posed: Posed
    place: int

    @property
    def identical(self) -> bool:
        """Whether both sides say the same, but for white space."""
        return self.answer_a.split() == self.answer_b.split()


def draw_pairs(
    answers: Answers, reference: str, candidates: Sequence[str], *, items: int | None, seed: int
) -> tuple[Pair, ...]:
    """Return the pairs of `items` questions with each candidate, in the order in which they are shown.

    Without a number it is `ITEMS`, or all where there are fewer. The same answers, names and seed give the same pairs.
    Raises `UsageError` where there are not enough questions.
    """
    count = min(ITEMS, len(answers.posed)) if items is None else items
    if not FEWEST <= count <= len(answers.posed):
        raise UsageError(
            f"--items {count}: give a number from {FEWEST} to {len(answers.posed)}, the questions of {answers.task} "
            f"that all arms have answered; an interval takes {FEWEST} or more."
        )
    posed = _questions(answers.posed, count, seed)
    places = _dealt(posed, answers.seeds, _generator(seed, "training seeds"))
    sides = {name: _sides(count, _generator(seed, "sides", name)) for name in candidates}
    unordered = [
        (each, (reference, name) if sides[name][number] else (name, reference))
        for number, each in enumerate(posed)
        for name in candidates
    ]
    order = _generator(seed, "order").permutation(len(unordered))
    found = [unordered[int(turn)] for turn in order]
    return tuple(
        _pair(answers, f"p{number:03}", each, places[each.item], recipes)
        for number, (each, recipes) in enumerate(found, start=1)
    )


def _questions(posed: Sequence[Posed], count: int, seed: int) -> list[Posed]:
    taken = drawn(labels_of([each.document for each in posed]), count, seed=_number(seed, "questions"))
    return [posed[place] for place in taken]


def _dealt(posed: Sequence[Posed], seeds: Sequence[int], generator: np.random.Generator) -> dict[str, int]:
    """Return the training seed of each item: whole clusters go to whichever seed has the fewest items so far."""
    clusters: dict[str, list[str]] = defaultdict(list)
    for each in posed:
        clusters[f"cluster {each.cluster}" if each.cluster is not None else each.item].append(each.item)
    waiting = [seeds[int(place)] for place in generator.permutation(len(seeds))]
    held = dict.fromkeys(waiting, 0)
    found: dict[str, int] = {}
    for place in generator.permutation(len(clusters)):
        items = list(clusters.values())[int(place)]
        chosen = min(waiting, key=held.__getitem__)
        held[chosen] += len(items)
        found |= dict.fromkeys(items, chosen)
    return found


def _sides(count: int, generator: np.random.Generator) -> list[bool]:
    """Return for which questions the reference stands on side A: for half of them, one more or less where odd."""
    start = int(generator.integers(2))
    return [bool((start + int(place)) % 2) for place in generator.permutation(count)]


def _pair(answers: Answers, number: str, posed: Posed, place: int, recipes: tuple[str, str]) -> Pair:
    answer_a, answer_b = (answers.texts[name, place][posed.item] for name in recipes)
    return Pair(
        name=f"{number}-{_digest(answers.task, posed.text, answer_a, answer_b)}",
        question=posed.text,
        answer_a=answer_a,
        answer_b=answer_b,
        recipe_a=recipes[0],
        recipe_b=recipes[1],
        posed=posed,
        place=place,
    )


def _digest(*texts: str) -> str:
    """Return what tells a pair from those of other exports; it says nothing that a rater does not see."""
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "backslashreplace")).hexdigest()[:_DIGEST]


def _number(seed: int, *purpose: str) -> int:
    """Return a seed for one purpose: draws of different purposes are independent."""
    text = "\x1f".join(["harness rate", str(seed), *purpose])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _generator(seed: int, *purpose: str) -> np.random.Generator:
    return np.random.default_rng(_number(seed, *purpose))
