"""The sections of a report: each builds blocks from records that were computed elsewhere."""
