"""What a validated, defaulted and resolved experiment is: frozen records, one per object of the schema.

`specs/schema/experiment.schema.json` and `recipe.schema.json` are the published form; a test holds both together.
Nothing here knows how a spec is read (that is `harness.spec.load`) or run. A file holds what belongs together; import
from here.
"""

from harness.spec.records.comparison import (
    NOT_POOLED,
    Comparison,
    CostKind,
    Duplicates,
    GradedBy,
    Grades,
    IdenticalRuns,
    StopAt,
)
from harness.spec.records.data import DATA_SOURCES, FILE_SOURCES, TRANSFORMS, Data, DataControl, RecipeData, Transform
from harness.spec.records.evaluation import (
    DIAGNOSTICS,
    Control,
    DiagnosticRequest,
    EvaluationOptions,
    Merge,
    Role,
    Split,
    Suite,
)
from harness.spec.records.execution import EXECUTORS, Execution, Tracker, Workers
from harness.spec.records.experiment import Experiment
from harness.spec.records.model import Model
from harness.spec.records.recipe import (
    STRATEGIES,
    Bottleneck,
    Compute,
    Factor,
    Factors,
    Layers,
    Match,
    PluginBlock,
    Recipe,
    Stage,
    Start,
)
from harness.spec.records.search import (
    MARGIN,
    EarlyStopping,
    Factorial,
    Move,
    RecipeSearch,
    Scan,
    Search,
    Tune,
    TuneMetric,
    Validation,
)

__all__ = (  # noqa: RUF022 - in the order in which the reference shows them
    "Role",
    "Duplicates",
    "IdenticalRuns",
    "StopAt",
    "CostKind",
    "GradedBy",
    "Workers",
    "DataControl",
    "TRANSFORMS",
    "DATA_SOURCES",
    "FILE_SOURCES",
    "Split",
    "TuneMetric",
    "MARGIN",
    "STRATEGIES",
    "NOT_POOLED",
    "Tracker",
    "DIAGNOSTICS",
    "EXECUTORS",
    "Model",
    "Data",
    "Transform",
    "RecipeData",
    "Layers",
    "Bottleneck",
    "PluginBlock",
    "Match",
    "Stage",
    "Compute",
    "Start",
    "Recipe",
    "Factor",
    "Factors",
    "Validation",
    "EarlyStopping",
    "Search",
    "Tune",
    "Move",
    "Scan",
    "Factorial",
    "RecipeSearch",
    "Suite",
    "Control",
    "EvaluationOptions",
    "Comparison",
    "Grades",
    "Execution",
    "Merge",
    "DiagnosticRequest",
    "Experiment",
)
