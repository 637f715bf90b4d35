"""Whether a gap seen on one task is still there on another, from anyone's lm-eval logs: no config, no torch.

``python examples/compare_logs.py LOGS NEAR FAR``, where LOGS/full/* and LOGS/lora/* are the folders that
``lm_eval --log_samples --output_path`` wrote, one a training seed, and NEAR and FAR are tasks in them.
"""

import sys
from pathlib import Path

import harness
from harness.verdict.gate import gate


def main(logs: str, near: str, far: str) -> int:
    """Print each verdict with its numbers, and return the gate's exit code."""
    seeds = {arm: sorted(Path(logs, arm).iterdir()) for arm in ("full", "lora")}
    verdicts = harness.compare(
        reference=seeds["full"],
        reference_name="full",
        candidates={"lora": seeds["lora"]},
        in_domain=[near],
        out_of_domain=[far],
        metric="acc",
        sesoi=0.02,  # the smallest difference worth knowing about, declared before the scores are seen
    )
    for one in verdicts.comparisons:
        print(f"{one.candidate}, {one.in_domain} → {one.out_of_domain}: {one.verdict}")
        for task, gap in ((one.in_domain, one.gap_in), (one.out_of_domain, one.gap_out)):
            if gap is not None:  # a single seed without a declared variance has no interval
                low, high = gap.interval
                print(f"  gap on {task}: {gap.estimate:.3f}, interval {low:.3f} to {high:.3f}")
        print(f"  {one.sentence}")
    ruling = gate(verdicts, {"rules": ["not-worse-in-domain"]})
    print(ruling.text)
    return ruling.code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
