"""What has run, on disk: an append-only journal, run folders written atomically, results and failures."""

from harness.ledger.journal import Journal
from harness.ledger.outcomes import Outcome
from harness.ledger.run import RunFolder, read

__all__ = ["Journal", "Outcome", "RunFolder", "read"]
