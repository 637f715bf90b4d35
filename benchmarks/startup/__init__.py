"""Start-up of the light verbs: ``python -m benchmarks.startup``."""
