"""Two sets of prompts by length, n-grams and how likely a base model finds them: what moved, whether to look again."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from harness.errors import ComparisonError
from harness.inputs.prompts import Prompts
from harness.statistics.critical import Floats
from harness.statistics.shift import Shift, mean_shift, separation_shift
from harness.text import normalise

SEED = 0
_MOST_WORDS = 8
_FEWEST_TIMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Likely:
    """What a base model makes of two sets of prompts, in their order: tokens of each, and bits a byte of each."""

    model: str
    old_tokens: Floats
    new_tokens: Floats
    old_bits: Floats
    new_bits: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One respect in which two sets are compared; `old` and `new` are its means, None of a classifier."""

    name: str
    unit: str
    shift: Shift
    old: float | None = None
    new: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputShift:
    """Two sets of prompts beside each other.

    `alpha` is the error rate over all measures together, `words` are those whose share rose or fell most, `repeated` is
    the number of prompts of the new set that are in the old one too.
    """

    old: str
    new: str
    old_sha256: str
    new_sha256: str
    old_prompts: int
    new_prompts: int
    repeated: int
    alpha: float
    seed: int
    model: str | None
    measures: tuple[Measured, ...]
    more_frequent: tuple[str, ...]
    less_frequent: tuple[str, ...]

    @property
    def moved(self) -> tuple[str, ...]:
        """The measures by which the sets differ more than the old one does from itself."""
        return tuple(each.name for each in self.measures if each.shift.found)

    @property
    def look_again(self) -> bool:
        """Whether any measure has moved."""
        return bool(self.moved)


Rated = Callable[[float, np.random.Generator], Measured]


def compare_prompts(
    old: Prompts, new: Prompts, *, likely: Likely | None = None, alpha: float = 0.05, seed: int = SEED
) -> InputShift:
    """Return how two sets of prompts differ; the error rate `alpha` is shared by the measures.

    Raises `ComparisonError` where no prompt has a word.
    """
    if not 0 < alpha < 1:
        raise ComparisonError(f"alpha is {alpha:g}: an error rate lies between 0 and 1.")
    words = [[normalise(text).split() for text in each.texts] for each in (old, new)]
    rated = [_of_means("length", "words", *(np.array([len(each) for each in side], float) for side in words))]
    rated += [_of_runs(name, size, *words) for size, name in ((1, "unigrams"), (2, "bigrams"))]
    if likely is not None:
        rated.append(_of_means("length in tokens", "tokens", likely.old_tokens, likely.new_tokens))
        rated.append(_of_means("likelihood", "bits a byte", likely.old_bits, likely.new_bits))
    streams = np.random.SeedSequence(seed).spawn(len(rated))
    share = alpha / len(rated)
    more, less = _movers(*words)
    return InputShift(
        old=old.path,
        new=new.path,
        old_sha256=old.sha256,
        new_sha256=new.sha256,
        old_prompts=len(old.texts),
        new_prompts=len(new.texts),
        repeated=_repeated(old.texts, new.texts),
        alpha=alpha,
        seed=seed,
        model=None if likely is None else likely.model,
        measures=tuple(rate(share, np.random.default_rng(each)) for rate, each in zip(rated, streams, strict=True)),
        more_frequent=more,
        less_frequent=less,
    )


def _repeated(old: Sequence[str], new: Sequence[str]) -> int:
    known = frozenset(old)
    return sum(text in known for text in new)


def _of_means(name: str, unit: str, old: Floats, new: Floats) -> Rated:
    def rate(alpha: float, rng: np.random.Generator) -> Measured:
        shift = mean_shift(old, new, alpha=alpha, rng=rng)
        return Measured(name=name, unit=unit, shift=shift, old=float(old.mean()), new=float(new.mean()))

    return rate


def _of_runs(name: str, size: int, old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> Rated:
    places: dict[tuple[str, ...], int] = {}
    old_runs, new_runs = (
        [[places.setdefault(run, len(places)) for run in _runs(words, size)] for words in side] for side in (old, new)
    )
    if not places:
        raise ComparisonError(f"no prompt has {size} words in a row, so that there are no {name} to compare.")

    def rate(alpha: float, rng: np.random.Generator) -> Measured:
        old_counts, new_counts = (_counts(side, len(places)) for side in (old_runs, new_runs))
        shift = separation_shift(old_counts, new_counts, alpha=alpha, rng=rng)
        return Measured(name=name, unit="share told apart", shift=shift)

    return rate


def _runs(words: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[at:] for at in range(size)), strict=False)


def _counts(items: Sequence[Sequence[int]], features: int) -> csr_matrix:
    rows = np.repeat(np.arange(len(items)), [len(each) for each in items])
    columns = np.array([place for each in items for place in each], dtype=int)
    return csr_matrix((np.ones(len(columns)), (rows, columns)), shape=(len(items), features))


def _movers(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words of which more, and of which fewer, prompts have one, by how many prompts of a hundred more."""
    shares = [Counter(word for each in side for word in set(each)) for side in (old, new)]
    often = [word for word in shares[0] | shares[1] if shares[0][word] + shares[1][word] >= _FEWEST_TIMES]
    change = {word: shares[1][word] / len(new) - shares[0][word] / len(old) for word in often}
    order = sorted(change, key=lambda word: (-change[word], word))
    return (
        tuple(word for word in order[:_MOST_WORDS] if change[word] > 0),
        tuple(word for word in order[::-1][:_MOST_WORDS] if change[word] < 0),
    )
