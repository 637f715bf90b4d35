"""What a renderer is; internal, so that the blocks of a document may still change."""

from typing import Protocol

from harness.report.document import Document


class Renderer(Protocol):
    """Lays a document out.

    A renderer owns nothing and keeps no state between documents, so one serves any number of threads. It computes
    nothing: figures are written as the document has them. It raises no error for a document of known blocks.
    """

    def render(self, document: Document) -> str:
        """Return the whole document, without a line break at its end."""
        ...
