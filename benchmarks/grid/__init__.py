"""A whole grid beside a plain script: ``python -m benchmarks.grid``."""
