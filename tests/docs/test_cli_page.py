"""docs/cli.md is what the verbs say of themselves."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "cli.py"


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse wraps usage lines differently elsewhere")
def test_the_page_is_what_the_script_writes():
    spec = importlib.util.spec_from_file_location("cli_page", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run python docs/cli.py"
