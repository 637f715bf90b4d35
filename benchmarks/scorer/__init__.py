"""The shared-prompt scorer beside lm-eval's HFLM: ``python -m benchmarks.scorer``."""
