"""From paired scores to verdicts that say what was shown, with which error rate, and what is missing."""

from harness.verdict.judge import judge, judge_scores
from harness.verdict.records import Verdicts

__all__ = ["Verdicts", "judge", "judge_scores"]
