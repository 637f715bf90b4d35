"""A run of numbers whose suites have generated answers."""

import json

from harness.testing.tiny_spec import write_tiny_spec

HOSTILE = "<script>document.title='taken'</script> \x1b[31m"


def answer(cell, item):
    """What a cell says of an item: nothing that names a recipe; every second one begins as a formula does."""
    return f"{'=' if item % 2 else ''}step {item}, {cell.seed} {'lora' in cell.recipe} {HOSTILE}\nAnswer: {item}"


def spec_of(folder, suites=("sums",)):
    """Write the tiny experiment with some of its suites and an empty tokenizer, and return its path."""
    (folder / "tokenizer").mkdir(parents=True)
    spec = write_tiny_spec(folder, folder / "tokenizer")
    roles = ("in_domain", "out_of_domain")
    listed = [{"task": task, "role": roles[k > 0], "metric": "acc"} for k, task in enumerate(suites)]
    spec.write_text(json.dumps(json.loads(spec.read_text()) | {"suites": listed}))
    return spec
