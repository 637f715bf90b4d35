"""A training step beside plain TRL's: ``python -m benchmarks.training``."""
