"""Nothing of harness's own unpickles: a stranger's file is read as data, in formats that cannot run code.

Folders with pickled weights are refused in `tests/sources/test_models.py` and `tests/methods/test_adapt.py`.
"""

import ast
from pathlib import Path

import pytest

import harness

PICKLING = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def unpickling(source):
    """Yield the lines of a module that could unpickle."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names) if {name.name.partition(".")[0] for name in names} & PICKLING:
                yield node.lineno
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in PICKLING:
                yield node.lineno
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load"), keywords=given) if not any(
                each.arg == "weights_only" and getattr(each.value, "value", None) is True for each in given
            ):
                yield node.lineno
            case ast.keyword(arg="allow_pickle" | "trust_remote_code", value=ast.Constant(value=True)):
                yield node.value.lineno


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "f(trust_remote_code=True)",
    ],
)
def test_what_unpickles_is_seen(source):
    assert list(unpickling(source)) == [1]


def test_no_module_unpickles():
    root = Path(harness.__file__).parent
    modules = sorted(root.rglob("*.py"))
    assert len(modules) > 100
    found = {path.relative_to(root).as_posix(): list(unpickling(path.read_text("utf-8"))) for path in modules}
    assert {name: lines for name, lines in found.items() if lines} == {}
