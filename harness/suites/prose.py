"""One text that is scored as a whole: the record of suites that measure how well plain language is predicted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A text of a document; texts of one document share its `cluster`."""

    id: str
    cluster: str
    text: str

    @property
    def source(self) -> str:
        """What leaks and near copies are looked for in."""
        return self.text

    def document(self) -> Mapping[str, Any]:
        """Return the lm-eval document."""
        return {"id": self.id, "form": "text", "cluster": self.cluster, "text": self.text}

    def line(self) -> str:
        """Return the document as one line of JSON with sorted keys."""
        return json.dumps(self.document(), ensure_ascii=False, sort_keys=True)
