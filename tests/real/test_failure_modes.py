"""What takes a model that knows something: forgetting and harm out of domain, provoked on the embedded model."""

import pytest

from harness.cli import main
from harness.codec import decode
from harness.ledger import RunFolder
from harness.measured import Monitored, Path
from helpers.quick import K8S, MANUALS, TEXT, short, written

pytestmark = pytest.mark.real

TOO_HIGH = {"extends": "full--default", "training": {"learning_rate": 0.003}}
SPEC = short(
    "provoked",
    steps=3,
    validation={"limit": 2},
    recipes=["lora--r4", "full--too-high"],
    comparison={"reference": "lora--r4", "candidates": ["full--too-high"]},
    suites=[K8S, MANUALS, {**TEXT, "sesoi_reason": "a sixtieth of what the untouched base needs"}],
    evaluation={"limit": 4},
    execute={"workers": 1},
    diagnostics=[
        {"name": "monitors", "options": {"every": 1, "rows": 0, "items": 4, "outside": 0.5}},
        {"name": "training_path", "options": {"line": [0, 1], "items": 8, "roles": ["out_of_domain"]}},
    ],
)


def test_a_rate_twenty_times_too_high_forgets_and_harms_out_of_domain_and_both_are_seen(tmp_path):
    spec = written(tmp_path, SPEC, {"full--too-high": TOO_HIGH})
    assert main(["run", str(spec), "--out", str(tmp_path / "run")]) == 0
    trained = [each for each in RunFolder(tmp_path / "run").outcomes if each.train_info]
    found = {each.cell.recipe: each.training.measurements for each in trained}
    warned = {name: decode(Monitored, each["monitors"].details).warnings for name, each in found.items()}
    assert [each.sign for each in warned["lora--r4"]] == []
    (said,) = [each for each in warned["full--too-high"] if each.sign == "guard"]
    assert said.remedy.startswith("Lower learning_rate, add rehearsal rows")
    (said,) = [each for each in warned["full--too-high"] if each.sign == "outside"]
    assert said.remedy.startswith("Mix in rows of another domain")
    paths = {name: decode(Path, each["training_path"].details).line for name, each in found.items()}
    before, after = (point.scores["techmanual_qa"] for point in paths["full--too-high"])
    assert after > before  # bits a byte
