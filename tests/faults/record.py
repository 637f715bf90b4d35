"""What was injected and how it ended, in two files, from which it is injected again or a campaign goes on.

Faults stand in `faults.jsonl` before they are injected, and in `faults-ended.jsonl` beside it once they have ended.
"""

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from faults.grid import note


class Record:
    """The two files of a campaign, and the moment after which it begins nothing more."""

    def __init__(self, faults: Path, minutes: float | None = None) -> None:
        self.faults = faults
        self.ended = faults.with_name(f"{faults.stem}-ended.jsonl")
        self._until = None if minutes is None else time.monotonic() + 60 * minutes
        self._known = dict(self._read()) if self.ended.exists() else {}
        if self.ended.exists() and not self.ended.read_bytes().endswith(b"\n"):
            with self.ended.open("a") as torn:
                torn.write("\n")

    def is_late(self) -> bool:
        """Tell whether nothing more is to be begun."""
        return self._until is not None and time.monotonic() > self._until

    def begins(self, fault: Any) -> None:
        """Note a fault before it is injected."""
        note(self.faults, asdict(fault))

    def ends(self, campaign: str, fault: object, came_to: Mapping[str, Any]) -> None:
        """Note what came of a fault, or of several after one another."""
        note(self.ended, {"campaign": campaign, "fault": fault, "came_to": came_to})

    def known(self, campaign: str, fault: object) -> Mapping[str, Any] | None:
        """Return what came of such a fault the last time that it ended, None where it never did."""
        return self._known.get(_key(campaign, fault))

    def _read(self):
        for line in self.ended.read_text("utf-8").splitlines():
            with contextlib.suppress(ValueError):  # the campaign was killed while it wrote
                said = json.loads(line)
                yield _key(said["campaign"], said["fault"]), said["came_to"]


def _key(campaign: str, fault: object) -> str:
    return json.dumps([campaign, fault], sort_keys=True)
