"""From paired scores to verdicts that say what was shown, with which error rate, and what is missing."""

from harness.verdict.judge import judge, judge_scores
from harness.verdict.judgements import judge_run
from harness.verdict.records import Verdicts

__all__ = ["Verdicts", "judge", "judge_run", "judge_scores"]
