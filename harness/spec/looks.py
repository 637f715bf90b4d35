"""The numbers of seeds at which a run is judged while it runs, as a spec declares them, and what is wrong with them.

They are numbers of seeds, ``[3, 5, 8]``, or fractions of the seeds, ``[0.4, 0.6, 1]``, which a spec that inherits them
and has other seeds keeps. The last is all seeds in either form.
"""

import math
from collections.abc import Iterator, Sequence

from harness.errors import Problem
from harness.spec.document import Located

FEWEST = 2
"""Seeds of the smallest look: one seed shows no variance between seeds."""
_ROUNDING = 1e-9


def are_fractions(looks: Sequence[float]) -> bool:
    """Tell whether looks are declared as fractions of the seeds."""
    return all(each <= 1 for each in looks)


def resolved(looks: Sequence[float], seeds: int) -> tuple[int, ...]:
    """Return the looks as numbers of seeds, the last being all; empty where there is none before the last.

    A fraction is rounded up to whole seeds; one of a single seed is left out, and of two that come to the same number
    one. Numbers that were declared for another number of seeds are no looks of this one.
    """
    if not looks:
        return ()
    if are_fractions(looks):
        found = sorted({math.ceil(each * seeds - _ROUNDING) for each in looks})
    else:
        found = [int(each) for each in looks] if looks[-1] == seeds else []
    kept = tuple(each for each in found if each >= FEWEST)
    return kept if len(kept) > 1 else ()


def shares(looks: Sequence[int]) -> tuple[float, ...]:
    """Return the part of the error rate that each look may spend, by the seeds that it adds; they add up to 1."""
    return tuple((each - before) / looks[-1] for before, each in zip([0, *looks], looks, strict=False))


def look_problems(document: Located) -> Iterator[Problem]:
    """Yield everything wrong with an experiment's looks.

    Those that an heir of the spec that declares them inherits, and has other seeds, are dropped: that is a note.
    """
    looks: Sequence[float] = document.value["comparison"].get("looks") or ()
    seeds = len(document.value["seeds"])
    fit = are_fractions(looks) or looks[-1] == seeds
    if looks and (fit or not _seeds_are_changed(document)):
        for position, message, remedy in _problems(looks, seeds):
            yield document.problem(("comparison", "looks", position), message, remedy)


def _seeds_are_changed(document: Located) -> bool:
    """Tell whether the seeds come from a file or an option that changes the one in which the looks are declared."""
    own, looks, seeds = (document.place(at) for at in ((), ("comparison", "looks"), ("seeds",)))
    if looks.line is None or looks.file == seeds.file:
        return False
    return seeds.line is None or looks.file != own.file


def _problems(looks: Sequence[float], seeds: int) -> Iterator[tuple[int, str, str]]:
    """Yield (position, message, remedy) for everything wrong with looks at some of so many seeds."""
    whole = not are_fractions(looks)
    last, all_of_them = (seeds, f"all {seeds} seeds") if whole else (1, "all seeds")
    for place, each in enumerate(looks):
        if place and each <= looks[place - 1]:
            yield place, f"the look {each:g} does not come after {looks[place - 1]:g}", "Let the looks increase."
        if whole:
            yield from _number_problems(place, each, seeds)
    if looks[-1] < last:
        remedy = f"The last look is at {all_of_them}: let it be {last}."
        yield len(looks) - 1, f"the last look, {looks[-1]:g}, is not at {all_of_them}", remedy


def _number_problems(place: int, look: float, seeds: int) -> Iterator[tuple[int, str, str]]:
    if look != int(look):
        remedy = "Give numbers of seeds, [3, 5], or fractions of the seeds, [0.6, 1]: not both."
        yield place, f"{look:g} is not a number of seeds", remedy
    elif look < FEWEST:
        yield place, "a look at one seed shows nothing", f"Noise between seeds takes {FEWEST} seeds or more."
    elif look > seeds:
        remedy = "Let the last look be at all seeds, or give more `seeds`."
        yield place, f"a look at {look:g} seeds is beyond the {seeds} that there are", remedy


def look_note(looks: Sequence[float], seeds: int) -> str | None:
    """Return what has become of declared looks where they are not what they say, None where they are."""
    kept = resolved(looks, seeds)
    if not looks or len(kept) == len(looks):
        return None
    written = f"[{', '.join(f'{each:g}' for each in looks)}]"
    if are_fractions(looks):
        left = f"looks at {' and '.join(map(str, kept))}" if kept else "no look before the last"
        return f"`comparison.looks` {written} of {seeds} seeds are {left}: a look takes {FEWEST} seeds or more."
    shares = ", ".join(f"{each / looks[-1]:.3g}" for each in looks)
    return (
        f"`comparison.looks` {written} were declared for {looks[-1]:g} seeds and there are {seeds}: they are dropped, "
        f"and the run is judged at its end alone. Fractions, [{shares}], hold for any number of seeds."
    )
