"""A reference manual as questions are made of it: pages of named entries, each with a sentence about it.

A reader of a manual parses and never imports what it reads, keeps file order out of its result (pages are sorted by
name), and leaves out what is deprecated, boilerplate or says nothing.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A documented name: a field of an API object, a variable of a tool.

    `text` is a sentence or two about it, None where there is nothing fit to ask about. `type`, `required` and
    `default` are None where the manual does not say.
    """

    name: str
    text: str | None
    type: str | None = None
    required: bool | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Entries that a reader could take for one another, because they stand on one page.

    `name` is unique in its manual; `noun` is what an entry is called (``field``), `of` says whose
    (``of the Kubernetes object PodSpec``), `kind` what the page is one of (``Kubernetes object``), `cluster` is the
    family that goes into one split. `kin` are entries of neighbouring pages: wrong options where the page itself
    has too few.
    """

    name: str
    noun: str
    of: str
    kind: str
    cluster: str
    entries: tuple[Entry, ...]
    kin: tuple[Entry, ...] = ()

    @property
    def neighbours(self) -> tuple[Entry, ...]:
        """The page's own entries, then its kin's."""
        own = {entry.name for entry in self.entries}
        return self.entries + tuple(entry for entry in self.kin if entry.name not in own)
