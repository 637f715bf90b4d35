"""Run folders whose claims are by heartbeat, in a rhythm for tests."""

import json
from pathlib import Path

from harness.ledger.claims import CLAIMS, MARKER


def by_heartbeat(folder: Path, *, beat: float = 0.05, bound: float = 2.0) -> Path:
    """Have the claims in a run folder be by heartbeat, and return the folder."""
    (folder / CLAIMS).mkdir(parents=True, exist_ok=True)
    (folder / CLAIMS / MARKER).write_text(json.dumps({"beat_seconds": beat, "bound_seconds": bound}))
    return folder
