"""A model's own files bring no code: kernels of a repository are refused, remote code is never asked about."""

import json

import pytest

from harness.errors import SourceError
from harness.sources.models.code import check_config, check_folder


@pytest.mark.parametrize(
    "config",
    [
        {"_attn_implementation": "kernels-community/flash-attn"},
        {"attn_implementation": "flash_attention_2|kernels-community/x:forward"},
        {"text_config": {"_attn_implementation_internal": "somebody/kernel@main"}},
        {"_attn_implementation": {"text_config": "somebody/kernel"}},
        {"experts_implementation": "somebody/kernel"},
    ],
)
def test_a_kernel_of_somebodys_is_refused_before_anything_is_loaded(tmp_path, config):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
    with pytest.raises(SourceError, match="asks for code that would be fetched and run"):
        check_folder(tmp_path)


@pytest.mark.parametrize("config", [{}, {"_attn_implementation": "sdpa"}, {"attn_implementation": None}])
def test_what_transformers_has_itself_is_taken(config):
    check_config(config, "config.json")


def test_a_config_that_is_a_device_is_not_read(tmp_path):
    (tmp_path / "config.json").symlink_to("/dev/zero")
    with pytest.raises(SourceError, match="not a regular file"):
        check_folder(tmp_path)


def test_remote_code_is_refused_and_not_asked_about(tmp_path, tiny_tokenizer_folder, monkeypatch):
    from harness.sources import models
    from harness.spec.records import Model

    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("the user was asked"))
    config = {"model_type": "theirs", "auto_map": {"AutoConfig": "theirs.Config", "AutoModelForCausalLM": "theirs.M"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "theirs.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises((SourceError, ValueError)):
        models.load(Model(source="path", path=str(tmp_path), tokenizer=str(tiny_tokenizer_folder)))
    assert not (tmp_path / "ran").exists()
