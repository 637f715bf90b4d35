"""What is fast, what is counted and how often verdicts err: each folder is a command, ``python -m benchmarks.NAME``."""
