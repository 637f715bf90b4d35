"""Wrong options that shallow cues do not give away."""

from collections.abc import Iterable

from harness.suites import stable, wording

OPTIONS = 4


def choose(pool: Iterable[str], *, answer: str, cue: str, key: str) -> list[str] | None:
    """Return three wrong options for `answer`, or None when `pool` has fewer.

    Those that share most words with the question (`cue`) come first, so that word overlap finds them rather than
    the answer; how many of them are shorter than the answer is drawn from `key`, so that length says nothing.
    """
    ranked = sorted(
        {option for option in pool if option.casefold() != answer.casefold()},
        key=lambda option: (-round(4 * wording.overlap(option, cue)), stable.number(key, option)),
    )
    if len(ranked) < OPTIONS - 1:
        return None
    shorter = [option for option in ranked if len(option) < len(answer)]
    longer = [option for option in ranked if len(option) >= len(answer)]
    wanted = stable.number(key, "shorter") % OPTIONS
    first = shorter[:wanted] + longer[: OPTIONS - 1 - wanted]
    return (first + [option for option in ranked if option not in first])[: OPTIONS - 1]


def options(answer: str, wrong: Iterable[str], *, key: str) -> tuple[tuple[str, ...], int]:
    """Return the options in an order drawn from `key`, and the place of the answer among them."""
    shuffled = tuple(stable.order([answer, *wrong], key, "order"))
    return shuffled, shuffled.index(answer)
