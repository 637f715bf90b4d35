"""Stand-ins for unit tests: a two-layer random Llama and a small tokenizer, made here and saved as a folder."""

import gc
import os
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
# What tests write is their own code; what they trust is remembered nowhere else.
os.environ["HARNESS_TRUST_CODE"] = str(Path(tempfile.gettempdir()).resolve())
os.environ["HARNESS_STATE"] = str(Path(tempfile.gettempdir()) / f"harness-state-{os.getpid()}")

import pytest
from hypothesis import settings

from harness import registry
from harness.report import files
from harness.testing.tiny_spec import CONFIG, write_tiny_spec
from helpers.light import is_heavy, lacks_the_extra

settings.register_profile("harness", deadline=None)  # a busy machine is slow, not wrong
settings.load_profile("harness")


def pytest_ignore_collect(collection_path):
    """Where the extra `run` is not installed, leave out the files that import what it brings."""
    return True if lacks_the_extra() and is_heavy(collection_path) else None


def pytest_collection_modifyitems(items):
    """Where it is not installed, skip what is marked to need it."""
    if lacks_the_extra():
        for item in items:
            if item.get_closest_marker("run"):
                item.add_marker(pytest.mark.skip(reason="needs the extra `run`"))


def pytest_collection_finish():
    """Keep what importing made out of garbage collection, which every training ends with: half a second each time."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_pictures(request, monkeypatch):
    """Leave the pictures out of pages: drawing takes seconds, and few tests are about it. These are marked."""
    if not request.node.get_closest_marker("pictures"):
        monkeypatch.setattr(files, "drawing", lambda: None)


@pytest.fixture(scope="session")
def tiny_tokenizer_folder(tmp_path_factory) -> Path:
    """A byte-level tokenizer with the special tokens <pad>, <bos> and <eos>."""
    pytest.importorskip("transformers", reason="needs the extra `run`")
    from harness.testing.tiny import write_tiny_tokenizer

    return write_tiny_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture
def tiny_model(tiny_tokenizer_folder) -> dict:
    """The `model` block of a spec: two random layers of width 32."""
    return {"source": "random", "config": CONFIG, "seed": 0, "tokenizer": str(tiny_tokenizer_folder)}


@pytest.fixture
def tiny_spec(tmp_path, tiny_tokenizer_folder) -> Path:
    """A whole experiment on stand-ins: two recipes, two seeds, a task beside the spec, a few steps and items."""
    return write_tiny_spec(tmp_path, tiny_tokenizer_folder)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a distribution of one package with entry points and files."""

    def installed(name, entry_points, files, version="1.0"):
        root = tmp_path / name
        info = root / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entry_points)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        monkeypatch.syspath_prepend(root)
        registry.plugins.cache_clear()

    yield installed
    registry.plugins.cache_clear()
