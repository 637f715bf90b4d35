"""harness: which way of adapting a language model holds up, where, and how sure are we.

What the command line does, a script or notebook does with the functions named in `__all__`; `harness.api` holds and
documents them. Nothing is imported before it is asked for.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api import (
        bundle,
        compare,
        evaluate,
        load,
        load_locked,
        load_run,
        plan,
        push,
        report,
        run,
        validate,
        verify,
    )
    from harness.runs import Run
    from harness.spec.records import Experiment
    from harness.verdict import Verdicts

__version__ = "0.1.0"

__all__ = [
    "Experiment",
    "Run",
    "Verdicts",
    "bundle",
    "compare",
    "evaluate",
    "load",
    "load_locked",
    "load_run",
    "plan",
    "push",
    "report",
    "run",
    "validate",
    "verify",
]


class _Lazy:
    """A public name, imported from its room when it is first asked for.

    `bundle`, `plan`, `compare` and `report` are functions here and sub-packages too. Python sets a sub-package as an
    attribute of this module when it is imported; a descriptor that can be set, and keeps nothing, lets the function
    stay.
    """

    def __init__(self, room: str) -> None:
        self._room = room

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, module: ModuleType | None, owner: type | None = None) -> Any:
        return getattr(import_module(self._room), self._name)

    def __set__(self, module: ModuleType, value: object) -> None:
        if isinstance(value, ModuleType):
            return
        raise AttributeError(f"harness.{self._name} cannot be set")


class _Package(ModuleType):
    Experiment = _Lazy("harness.spec.records")
    Run = _Lazy("harness.runs")
    Verdicts = _Lazy("harness.verdict")
    bundle = _Lazy("harness.api")
    compare = _Lazy("harness.api")
    evaluate = _Lazy("harness.api")
    load = _Lazy("harness.api")
    load_locked = _Lazy("harness.api")
    load_run = _Lazy("harness.api")
    plan = _Lazy("harness.api")
    push = _Lazy("harness.api")
    report = _Lazy("harness.api")
    run = _Lazy("harness.api")
    validate = _Lazy("harness.api")
    verify = _Lazy("harness.api")

    def __dir__(self) -> list[str]:
        return sorted({*__all__, *(name for name in super().__dir__() if name.startswith("__"))})


sys.modules[__name__].__class__ = _Package
