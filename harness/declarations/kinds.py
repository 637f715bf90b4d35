"""How many training rows a kind of task is said to need, by what a task's metadata says that it is.

The figures are those of V. V. S. M. Neelam, Large Language Model Fine-Tuning in Production, table 5 ("Min Samples
(LoRA)", "Prompt Tuning Min"): one author's rule of thumb, of which nothing was measured here. So what falls short of
them is warned of, and nothing is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SOURCE = "Neelam, PEFT in production, table 5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of task: its name in the source, and the least rows for adapters and for prompts, each as a range.

    `prompts` is None where the source advises against prompts.
    """

    title: str
    adapters: tuple[int, int]
    prompts: tuple[int, int] | None


KINDS: Mapping[str, Kind] = {
    "classification": Kind(title="text classification", adapters=(500, 1000), prompts=(1000, 5000)),
    "ner": Kind(title="named entity recognition", adapters=(1000, 2000), prompts=(5000, 10_000)),
    "extractive_qa": Kind(title="extractive question answering", adapters=(2000, 5000), prompts=None),
    "summarization": Kind(title="abstractive summarization", adapters=(1000, 3000), prompts=(5000, 20_000)),
    "code": Kind(title="code generation", adapters=(2000, 5000), prompts=None),
    "sentiment": Kind(title="sentiment analysis", adapters=(500, 1000), prompts=(500, 2000)),
    "relation_extraction": Kind(title="relation extraction", adapters=(2000, 5000), prompts=(5000, 10_000)),
    "text_to_sql": Kind(title="text to SQL", adapters=(5000, 10_000), prompts=None),
    "clinical": Kind(title="clinical text", adapters=(1000, 3000), prompts=(2000, 5000)),
    "legal": Kind(title="legal documents", adapters=(500, 2000), prompts=(2000, 8000)),
}
"""By what stands in a task's ``metadata.kind``."""


def shortage(kind: Kind, rows: int, *, prompts: bool) -> str | None:
    """Return what is said of a task that gives so few rows to a prompt or another adapter; None where they suffice."""
    if prompts and kind.prompts is None:
        return f"is {kind.title}, for which prompts are advised against ({SOURCE})"
    least = (kind.prompts if prompts else None) or kind.adapters
    if rows >= least[0]:
        return None
    what = "a prompt" if prompts else "an adapter"
    return f"gives {rows:,} rows, where {what} for {kind.title} takes {least[0]:,} to {least[1]:,} at least ({SOURCE})"
