"""What happens in a run as JSON lines."""

import io
import json

from harness.cli.json_lines import JsonLines
from helpers.watched import BASE, CELL, FAILURE, LOOKS, PLANNED, play, result


def written(outcome):
    stream = io.StringIO()
    lines = JsonLines(stream)
    play(lines, outcome)
    lines.looked(LOOKS)
    lines.conclude("runs/x", 0, {"format": 1})
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_event_is_a_line_in_its_order():
    events = written(result(near=0.5))
    names = [each["event"] for each in events]
    assert names == ["preparing", "planned", "began", *["message"] * 9, "finished", "looked", "concluded"]
    assert events[1] == {
        "event": "planned",
        "kind": "cells",
        "cells": [BASE.cell.id, CELL.id],
        "done": [BASE.cell.id],
    }
    assert events[2] == {"event": "began", "cell": PLANNED.cell.id, "recipe": "lora--x", "seed": 1}
    assert events[4] == {
        "event": "message",
        "cell": CELL.id,
        "told": "StepDone",
        "step": 1,
        "steps": 4,
        "loss": 2.5,
        "tokens": 100,
        "stage": 1,
        "stages": 1,
    }
    assert events[-3]["result"]["evaluations"][0]["metrics"]["acc,none"] == 0.5
    assert events[-2]["looks"]["taken"][0]["labels"]["lora--x, near → far"] == "persists"
    assert events[-1] == {"event": "concluded", "folder": "runs/x", "exit_code": 0, "verdicts": {"format": 1}}


def test_a_failure_is_a_line_with_its_kind():
    failed = written(FAILURE)[-3]
    assert (failed["event"], failed["failure"]["kind"]) == ("failed", "out_of_memory")
