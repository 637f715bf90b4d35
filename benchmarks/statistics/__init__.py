"""The comparator's error rates, by simulation: ``python -m benchmarks.statistics``."""
