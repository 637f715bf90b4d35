"""A built suite is kept under a key of everything that has a say in its items."""

import ast
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness import questions, text
from harness.errors import CacheDamageError, TaskError
from harness.questions import load
from harness.questions.builders import Builder
from harness.questions.items import Prose

ROOM = Path(questions.__file__).parent
SOURCE = {"package": "pump", "version": "1.0", "sha256": "0" * 64}
SAYS_NOTHING = (
    "harness.contamination",
    "harness.errors",
    "harness.extras",
    "harness.sources.cache",
    "harness.sources.wheel",
)
"""What the room imports besides: errors and what brings a missing package, the unpacking of a wheel that is pinned by
its hash, and what leaves rows out of hub sets, which are not built and kept."""


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Return a function that loads a suite of one made-up builder, and the texts that it is to be built of."""
    texts = ["One.", "Two\u2028and\u0085more."]
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(load, "members", lambda _wheel, _patterns: tmp_path)

    def build(_folder):
        return {"test": [Prose(id=str(n), cluster=str(n), text=each) for n, each in enumerate(texts)]}

    monkeypatch.setattr(load, "BUILDERS", {"pump": Builder(("*.txt",), build)})
    return lambda **metadata: load.from_wheel(builder="pump", **{"source": SOURCE, **metadata}), texts


def test_a_suite_is_built_once_and_read_line_by_line(built):
    suite, texts = built
    first = list(suite(title="passed over")["test"]["text"])
    assert first == texts
    texts.clear()
    assert list(suite()["test"]["text"]) == first
    assert list(suite(source={**SOURCE, "sha256": "1" * 64})) == ["test"]


def test_a_suite_is_built_anew_with_another_version_of_a_package_that_has_a_say(built, monkeypatch):
    suite, texts = built
    (builder,) = load.BUILDERS.values()
    monkeypatch.setattr(load, "BUILDERS", {"pump": replace(builder, packages=("pytest", "no-such-package"))})
    first = list(suite()["test"]["text"])
    texts.clear()
    assert list(suite()["test"]["text"]) == first
    texts.append("Three.")
    monkeypatch.setattr(load.metadata, "version", lambda _package: "0")
    assert list(suite()["test"]["text"]) == ["Three."]


def test_a_damaged_suite_is_the_caches_fault_and_is_not_used(built, tmp_path):
    suite, _ = built
    suite()
    (file,) = (tmp_path / "cache").rglob("test.jsonl")
    file.write_text(file.read_text().replace("One", "Two"))
    with pytest.raises(CacheDamageError, match=r"no fault of a spec's or task's[\s\S]*test\.jsonl"):
        suite()


def test_an_unknown_builder_is_refused_with_those_there_are(built):
    with pytest.raises(TaskError, match="no builder of questions is called 'pmup'; there are pump"):
        load.from_wheel(builder="pmup", source=SOURCE)


def test_every_module_of_the_room_and_the_text_module_enter_the_key(tmp_path):
    room = tmp_path / "questions"
    shutil.copytree(ROOM, room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(text.__file__, tmp_path)
    digests = {load._code.__wrapped__(room)}
    files = [*room.rglob("*.py"), tmp_path / "text.py"]
    for path in files:
        path.write_text(path.read_text("utf-8") + "# changed\n", "utf-8")
        digests.add(load._code.__wrapped__(room))
    assert len(digests) == 1 + len(files)


def test_the_room_imports_nothing_else_that_has_a_say():
    imported = {name for path in ROOM.rglob("*.py") for name in _imports(path)}
    foreign = {name for name in imported if name.startswith("harness") and not name.startswith("harness.questions")}
    assert foreign == {"harness.text", *SAYS_NOTHING}


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = node.module in {"harness", "harness.sources"}  # names of these are modules
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if whole else (node.module,)
