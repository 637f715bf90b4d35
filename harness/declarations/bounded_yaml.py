"""YAML of a stranger's, read within bounds: aliases, size and depth, each of which a short file can make endless.

PyYAML composes in C and without end of depth: 100,000 brackets end the interpreter. An alias is one more name for what
stands already, so that 20 lines name a hundred million values, which nobody notices before somebody walks over them.
"""

from collections.abc import Hashable
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # without libyaml, which lm-eval's loader then does without too
    from yaml import SafeLoader  # type: ignore[assignment]

__all__ = ["SafeLoader", "UnboundedError", "load"]

DEEPEST = 50
"""Levels of lists and mappings."""
MOST_VALUES = 1_000_000
"""Values of a document, each counted as often as aliases name it."""
_SUSPICIOUS = 1_000
"""Marks that open a level, below which a text cannot be too deep for the C library."""


class UnboundedError(yaml.YAMLError):
    """A document is deeper or larger than is read."""


def load(text: bytes, loader: type[SafeLoader]) -> Any:
    """Return the one document of a text. Raises `yaml.YAMLError`, also for what is deeper or larger than is read."""
    if sum(map(text.count, (b"[", b"{", b"- ", b"? "))) > _SUSPICIOUS:
        _check_depth_of_text(text, loader)
    reader = loader(text)
    try:
        node = reader.get_single_node()
        if node is None:
            return None
        _size(node, {}, ())
        return reader.construct_document(node)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:  # a date of the 40th of May, a bad base64
        raise yaml.YAMLError(f"a value cannot be read: {error}") from error
    finally:
        reader.dispose()


def _check_depth_of_text(text: bytes, loader: type[SafeLoader]) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _too_deep()


def _too_deep() -> UnboundedError:
    return UnboundedError(f"it is nested too deeply: {DEEPEST} levels are read")


def _size(node: yaml.Node, known: dict[int, int], above: tuple[Hashable, ...]) -> int:
    """Return how many values a node holds with every alias written out, noting those of its parts."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) in known:
        return known[id(node)]
    if id(node) in above:
        raise UnboundedError("an alias names what it stands in")
    if len(above) >= DEEPEST:
        raise _too_deep()
    pairs = node.value if isinstance(node, yaml.MappingNode) else [(each,) for each in node.value]
    total = 1 + sum(_size(part, known, (*above, id(node))) for pair in pairs for part in pair)
    if total > MOST_VALUES:
        raise UnboundedError(f"its aliases stand for more than {MOST_VALUES:,} values")
    known[id(node)] = total
    return total
