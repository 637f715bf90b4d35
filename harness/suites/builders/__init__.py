"""What goes into each suite. A builder turns the unpacked members of its wheel into splits of items; one file a suite.

A builder reads nothing but the folder it is given and draws nothing but hashes, so that the same wheel gives the
same bytes everywhere. It returns ``{split name: items}`` with every item in its final place.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.suites.item import Item
from harness.suites.prose import Prose

Builder = Callable[[Path], Mapping[str, Sequence[Item] | Sequence[Prose]]]
