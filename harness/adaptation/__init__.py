"""From a recipe to a model that trains as the recipe says: full fine-tuning, any PEFT method, chosen layers.

This room knows nothing of data files or of evaluation. Give `adapt` a freshly loaded base model; what comes
back is trained elsewhere, and `save` and `load` carry it over. `describe` and `refusals` say what a recipe
comes to, or why it cannot work, from a model's configuration alone.
"""

from harness.adaptation.adapt import adapt
from harness.adaptation.adapted import Adapted, Batches
from harness.adaptation.describe import describe
from harness.adaptation.flops import training_flops, virtual_tokens
from harness.adaptation.initialise import starts_from_data
from harness.adaptation.match import matched, settled
from harness.adaptation.merge import merge
from harness.adaptation.outline import Description
from harness.adaptation.refusals import refusals
from harness.adaptation.store import load, replay, save, stage_folder
from harness.records import Probe

__all__ = [
    "Adapted",
    "Batches",
    "Description",
    "Probe",
    "adapt",
    "describe",
    "load",
    "matched",
    "merge",
    "refusals",
    "replay",
    "save",
    "settled",
    "stage_folder",
    "starts_from_data",
    "training_flops",
    "virtual_tokens",
]
