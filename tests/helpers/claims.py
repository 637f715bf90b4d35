"""Run folders whose claims are by heartbeat, in a rhythm for tests."""

import json
from pathlib import Path

from harness.ledger.claims import CLAIMS, MARKER


def by_heartbeat(folder: Path, *, beat: float = 0.05, bound: float = 4.0) -> Path:
    """Have the claims in a run folder be by heartbeat, and return the folder.

    The bound is how long a beat may be held up by a disk that other tests write to.
    """
    (folder / CLAIMS).mkdir(parents=True, exist_ok=True)
    (folder / CLAIMS / MARKER).write_text(json.dumps({"beat_seconds": beat, "bound_seconds": bound}))
    return folder
