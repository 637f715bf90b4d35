"""Records that pass between rooms. Frozen, made of plain values, JSON in and out; no live object passes.

A result and a failure are two types: a failed run never becomes a number. Sizes are in bytes, times in wall-clock
seconds, losses in nats a completion token. A file holds what belongs together; import from here.
"""

from harness.records.cell import Cell, CellFailure, CellResult, Costs
from harness.records.origin import DatasetInfo, MetaInfo, ModelInfo, RunInfo, StageInfo, SystemInfo
from harness.records.prepared import Fit, Screening
from harness.records.scores import Evaluation, Latency, Measurement, ServingLatency
from harness.records.search import (
    ChosenValues,
    FoundRecipe,
    PhaseEntry,
    PhaseName,
    PhaseTrial,
    SearchPhase,
    TrialPart,
    TriedValues,
)
from harness.records.training import MatchedSize, Probe, TrainRecord
from harness.records.values import GIB, JSON, MIB

__all__ = (
    "GIB",
    "JSON",
    "MIB",
    "Cell",
    "CellFailure",
    "CellResult",
    "ChosenValues",
    "Costs",
    "DatasetInfo",
    "Evaluation",
    "Fit",
    "FoundRecipe",
    "Latency",
    "MatchedSize",
    "Measurement",
    "MetaInfo",
    "ModelInfo",
    "PhaseEntry",
    "PhaseName",
    "PhaseTrial",
    "Probe",
    "RunInfo",
    "Screening",
    "SearchPhase",
    "ServingLatency",
    "StageInfo",
    "SystemInfo",
    "TrainRecord",
    "TrialPart",
    "TriedValues",
)
