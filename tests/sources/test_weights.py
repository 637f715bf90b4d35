"""Models from elsewhere as folders: of the disk, of the hub, and what is no model at all."""

import pytest

from harness.errors import NotInCacheError, SourceError
from harness.sources.weights import folder_of, is_local, weight_files, weights_sha256
from harness.spec.existing import Weights


@pytest.fixture
def adapter(tmp_path):
    """A folder with the files of an adapter; what is in them is not looked at here."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    return folder


def test_a_repository_is_fetched_at_its_revision_and_a_folder_is_where_it_is(monkeypatch, adapter):
    asked = []

    def fetched(name, *, revision, allow_patterns):
        asked.append((name, revision, "*.safetensors" in allow_patterns))
        return str(adapter)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetched)
    assert folder_of(Weights(id="org/a", revision="abc")) == folder_of(Weights(path=str(adapter))) == adapter
    assert asked == [("org/a", "abc", True)]
    assert is_local(Weights(path=str(adapter)), "adapter")
    assert not is_local(Weights(id="nobody/nothing", revision="abc"), "adapter")


@pytest.mark.parametrize(("offline", "error"), [("1", NotInCacheError), ("", SourceError)])
def test_a_repository_that_cannot_be_had_is_named(monkeypatch, offline, error):
    def unreachable(*_, **__):
        raise ConnectionError

    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(error, match="nobody/nothing at revision main"):
        folder_of(Weights(id="nobody/nothing"))


def test_a_digest_is_of_weights_and_configuration_alone(adapter):
    before = weights_sha256(adapter, "adapter")
    (adapter / "README.md").write_text("words")
    assert weights_sha256(adapter, "adapter") == before
    (adapter / "adapter_config.json").write_text('{"r": 2}')
    changed = weights_sha256(adapter, "adapter")
    (adapter / "adapter_model.safetensors").write_bytes(b"others")
    assert len({before, changed, weights_sha256(adapter, "adapter")}) == 3


def test_what_is_missing_is_said_together_and_a_pickle_is_no_weights(adapter):
    with pytest.raises(SourceError, match=r"holds no config\.json and no weights in safetensors\. Save it again"):
        weight_files(adapter, "model")
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(SourceError, match=r"adapter_model\.bin may run code when it is read, and is not\."):
        weight_files(adapter, "adapter")
