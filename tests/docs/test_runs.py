"""The runs that are published with the documents say of themselves what the documents say."""

from pathlib import Path

import pytest

from harness.cli import main

BUNDLES = sorted((Path(__file__).parents[2] / "docs" / "runs").rglob("*.bundle.tar.xz"))


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_a_published_bundle_gives_its_verdict(bundle, capsys):
    assert main(["verify", str(bundle)]) == 0
    # To the byte with the libraries that it was made with, but for last digits with others.
    assert "the same: its scores give its verdict" in capsys.readouterr().out
