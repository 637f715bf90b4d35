"""Training rows against test items: ``python -m benchmarks.contamination``."""
