"""What a plan estimates, made of numbers."""

from typing import Any

from harness.plan.costs import Estimate

NOTHING: dict[str, Any] = {
    "device": "CPU",
    "parameters": 1,
    "cells": (),
    "trials": (),
    "suites": {},
    "rows": 1,
    "measured": "2026-11-28",
    "busy": False,
    "screening": None,
    "power": None,
}


def estimated(**given: Any) -> Estimate:
    """Return the estimate of an experiment without cells, but for what is given."""
    return Estimate(**{**NOTHING, **given})
