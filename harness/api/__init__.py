"""The verbs as functions: what the command line does, for scripts and notebooks.

Each function takes an experiment as a path, as the name of a shipped one, or as what `load` returned. Expected errors
are `harness.errors.HarnessError`; nothing is printed and nothing exits. A module that is heavy to import is imported
by the function that needs it, so that checking a file does not load torch.
"""

from harness.api.bundling import bundle, bundled, export_model, promote, push, verify, verify_promotion
from harness.api.comparing import compare, compare_inputs, compared, is_table
from harness.api.declaring import Changes, Checked, PathLike, load, load_locked, notes_of, overrides_of, validate
from harness.api.planning import plan, plan_within
from harness.api.rating import rate_export, rate_import
from harness.api.running import evaluate, load_run, opened, report, run, run_folder, run_of

__all__ = [
    "Changes",
    "Checked",
    "PathLike",
    "bundle",
    "bundled",
    "compare",
    "compare_inputs",
    "compared",
    "evaluate",
    "export_model",
    "is_table",
    "load",
    "load_locked",
    "load_run",
    "notes_of",
    "opened",
    "overrides_of",
    "plan",
    "plan_within",
    "promote",
    "push",
    "rate_export",
    "rate_import",
    "report",
    "run",
    "run_folder",
    "run_of",
    "validate",
    "verify",
    "verify_promotion",
]
