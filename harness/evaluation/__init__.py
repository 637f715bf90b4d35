"""The only caller of lm-eval's evaluator: one suite scored on one model, per-item scores kept in its own files."""

from harness.evaluation.evaluate import evaluate

__all__ = ["evaluate"]
