"""Scripts of docs/, which stand beside each other there and in no package."""

import importlib
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="package")
def docs_scripts():
    """Return a function that imports one by its name."""
    docs = str(Path(__file__).parents[2] / "docs")
    sys.path.append(docs)
    yield importlib.import_module
    sys.path.remove(docs)
