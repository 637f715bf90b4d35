"""Merged, dynamic and switched adapters beside one another: ``python -m benchmarks.serving``."""
