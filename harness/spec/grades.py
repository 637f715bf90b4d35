"""What is wrong with declared grades of factors: bounds that do not increase, and nothing that could be graded."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from harness.errors import Problem
from harness.spec.document import Located
from harness.spec.document import Path as At
from harness.spec.factors import declared

_BLOCK: At = ("comparison", "grades")


def grade_problems(document: Located) -> Iterator[Problem]:
    """Yield everything wrong with an experiment's grades.

    Those that an heir of the spec that declares them inherits and has nothing for stay without effect.
    """
    grades = document.value["comparison"].get("grades")
    if grades is None:
        return
    bounds: Sequence[float] = grades["bounds"]
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        message = f"the bounds {list(bounds)} do not increase: a change would have no grade, or two"
        yield document.problem(
            (*_BLOCK, "bounds"), message, "Give the least change that is medium, high and very high."
        )
    if document.place(_BLOCK).file == document.place(()).file and not _gradable(document):
        message = "no factor of the experiment varies by itself: there is nothing to grade"
        remedy = 'Declare `factors` of the design "one_at_a_time", or one alone, or leave `grades` out.'
        yield document.problem(_BLOCK, message, remedy)


def _gradable(document: Located) -> bool:
    factors = declared(document)
    return factors is not None and (factors.design == "one_at_a_time" or len(factors.varied) == 1)
