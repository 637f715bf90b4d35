"""Shipped experiments as they load: one names the folder of an adapter, which nobody ships."""

from pathlib import Path

from harness.spec import Overrides

NEEDS = {"refresh": ("arms.production.adapters", Path(__file__).parent)}
"""By experiment, what is to be set to a folder, and one that is there: nothing in it is looked at in loading."""


def overrides(name):
    """Return the overrides that an experiment does not load without."""
    if name not in NEEDS:
        return Overrides()
    field, folder = NEEDS[name]
    return Overrides(set=(f'{field}=["{folder}"]',))
