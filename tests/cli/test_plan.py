"""``harness plan`` beyond what a dry run shows: nodes that are declared."""

import json

import pytest

from harness.cli import main

pytestmark = pytest.mark.run


@pytest.mark.parametrize(("device", "said"), [({}, None), ({"device": "cuda"}, "cuda")], ids=["as here", "cards"])
def test_memory_is_that_of_the_devices_which_the_file_names(tiny_spec, tmp_path, capsys, device, said):
    file = tmp_path / "nodes.json"
    file.write_text(json.dumps({"nodes": [{"memory_gib": 8}], **device}))
    assert main(["plan", str(tiny_spec), "--cluster", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["memory_on"] == said
    assert main(["plan", str(tiny_spec), "--cluster", str(file)]) == 0
    out = capsys.readouterr().out
    assert ("memory as on cuda" in out) is bool(said)
    assert "ON 1 DEVICE: about" in out
