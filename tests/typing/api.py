"""What a type checker knows of the public API: mypy prints each line's type, the comment is what it must say."""

from typing import reveal_type

import harness
import harness.plan.costs
from harness import compare, plan

reveal_type(harness.load("gap"))  # harness.spec.records.experiment.Experiment
reveal_type(harness.validate("gap").ok)  # bool
reveal_type(harness.plan("gap", seeds=[1, 2]))  # harness.plan.costs.Estimate
reveal_type(harness.run("gap", out="runs/mine", set={"training.max_steps": 5}))  # harness.runs.Run
reveal_type(harness.evaluate("cells/base--0", "k8s_qa", out="x"))  # tuple[harness.records.scores.Evaluation, ...]
reveal_type(harness.compare("runs/gap"))  # harness.verdict.records.verdicts.Verdicts
reveal_type(harness.report("runs/gap"))  # str
reveal_type(harness.load_run("runs/gap"))  # harness.runs.Run
reveal_type(harness.load_run("runs/gap").experiment)  # harness.spec.records.experiment.Experiment
reveal_type(harness.load_run("runs/gap").verdicts)  # harness.verdict.records.verdicts.Verdicts
gap = harness.load_run("runs/gap")
reveal_type(gap.results()[0])  # harness.records.cell.CellResult | harness.records.cell.CellFailure
reveal_type(plan(harness.load("gap")))  # harness.plan.costs.Estimate

of_logs = compare(reference=["full/s1"], candidates={"lora": ["lora/s1"]}, in_domain=["k8s_qa"], metric="acc")
reveal_type(of_logs)  # harness.verdict.records.verdicts.Verdicts

of_a_table = compare("scores.csv", reference="full", in_domain=["k8s"], sesoi=0.02)
reveal_type(of_a_table)  # harness.verdict.records.verdicts.Verdicts

harness.load("gap", seed=[1])  # type: ignore[call-arg]
harness.run("gap", device_map="auto")  # type: ignore[call-arg]
