"""Forms of question. A form is a function from the pages of a manual to items; one file each.

A form yields an item only where the pages leave exactly one right answer, names the page's cluster, and draws
whatever it draws from hashes of the item's own id. It raises nothing: what cannot be asked fairly is left out.
"""

from collections.abc import Callable, Iterator, Sequence

from harness.suites.documented import Page
from harness.suites.item import Item

Form = Callable[[Sequence[Page]], Iterator[Item]]
