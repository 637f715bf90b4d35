"""Where scores come from: lm-eval's logs, a run folder, and what third parties add."""
