"""Tasks that run what a model writes: which they are, who has consented, and what is said of it.

Consent is a word on the command line (``--execute-code TASK``) or in the environment of whoever runs harness. A spec
cannot give it: it may be anybody's.
"""

import contextlib
import functools
import os
from collections.abc import Iterable, Iterator

from harness.declarations.task_yaml import Declared
from harness.surroundings import with_variables

VARIABLE = "HARNESS_EXECUTE_CODE"
"""Names of tasks, with commas between; processes that a run starts inherit it."""
ALLOWS = "HF_ALLOW_CODE_EVAL"
"""The environment variable without which the package `evaluate` runs no code."""
SECONDS = 60
MEMORY = 4 * 2**30
"""What one answer's programs may take together: wall-clock seconds, and bytes beyond what the process has."""
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000


def executes_code(task: Declared) -> bool:
    """Tell whether a task says that scoring it runs what the model wrote (lm-eval's `unsafe_code`)."""
    return bool(task.config.get("unsafe_code", False))


def consented() -> frozenset[str]:
    """Return the tasks whose code may run."""
    return frozenset(filter(None, (name.strip() for name in os.environ.get(VARIABLE, "").split(","))))


def consent(names: Iterable[str]) -> None:
    """Let the code of these tasks run in this process and those that it starts."""
    os.environ[VARIABLE] = ",".join(sorted({*consented(), *names}))


def what_runs(name: str) -> str:
    """Return what is executed where the task is scored, and within which bounds."""
    network = "without network" if can_cut_network() else "with this machine's network, which it cannot be cut from"
    return (
        f"scoring `{name}` executes the programs that the model writes in answer to it, on this machine and as you: "
        f"for each item in a child process of at most {SECONDS} s and {MEMORY // 2**30} GiB, {network}"
    )


def refusal(name: str) -> str:
    """Return why a task is not scored, and how it can be."""
    return f"{what_runs(name)}. Nothing of it runs unless you say so: --execute-code {name}"


@contextlib.contextmanager
def code_allowed() -> Iterator[None]:
    """Let lm-eval load `evaluate`'s module for code, which tries itself out with two lines of its own."""
    with with_variables({ALLOWS: "1"}):
        yield


@functools.cache
def can_cut_network() -> bool:
    """Tell whether a child process can be put into a network of its own, which has no way out: tried in one."""
    if not hasattr(os, "fork"):
        return False
    child = os.fork()
    if child == 0:
        os._exit(0 if cut_network() else 1)
    return os.waitpid(child, 0)[1] == 0


def cut_network() -> bool:
    """Move this process into a network without a way out; tell whether the system allowed it.

    As ``unshare --user --net`` does, and for root ``unshare --net``.
    """
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    unshare = getattr(library, "unshare", None)
    return unshare is not None and (unshare(_NEW_NET) == 0 or unshare(_NEW_USER | _NEW_NET) == 0)
