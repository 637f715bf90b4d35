"""What a run costs beside training and scoring: ``python -m benchmarks.scaling``."""
