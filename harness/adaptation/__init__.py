"""From a recipe to a model that trains as the recipe says: full fine-tuning, any PEFT method, chosen layers.

This room knows nothing of data files or of evaluation. Give `adapt` a freshly loaded base model; what comes
back is trained elsewhere, and `save` and `load` carry it over.
"""

from harness.adaptation.adapt import adapt
from harness.adaptation.adapted import Adapted, Batches, Probe
from harness.adaptation.store import load, save

__all__ = ["Adapted", "Batches", "Probe", "adapt", "load", "save"]
