"""A run in one file that others can verify: records, scores and verdict, without texts that a licence keeps back."""

from harness.bundle.archive import is_bundle, unpack
from harness.bundle.make import make
from harness.bundle.verify import Verified, verify

__all__ = ["Verified", "is_bundle", "make", "unpack", "verify"]
