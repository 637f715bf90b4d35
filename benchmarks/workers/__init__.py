"""Two workers beside one: ``python -m benchmarks.workers``."""
