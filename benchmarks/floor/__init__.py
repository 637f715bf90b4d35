"""The share of the machine's matrix products that is reached: ``python -m benchmarks.floor``."""
