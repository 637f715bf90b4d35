"""The MAVLink reference: messages and enumerations of drones; only ever tested on."""

from itertools import chain
from pathlib import Path

from harness.suites import splitting
from harness.suites.builders.polish import polish
from harness.suites.builders.thinning import varied
from harness.suites.forms import description, name
from harness.suites.item import Item
from harness.suites.manuals import mavlink


def build(folder: Path) -> dict[str, list[Item]]:
    """Return ``test`` alone."""
    pages = mavlink.read(folder)
    return {"test": polish(splitting.without_copies(chain(name.items(pages), varied(description.items(pages)))))}
