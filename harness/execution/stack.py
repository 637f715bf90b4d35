"""The training stack, imported as quickly as it can be: that takes seconds, and a small cell takes no longer."""

import gc


def import_stack() -> None:
    """Import what performs units, once a process.

    What importing makes stays: the garbage collector, which libraries call after every training, need not look through
    it again, half a second each time, nor touch pages that a forked process shares with its parent.
    """
    from harness._compat.imports import spared_imports

    with spared_imports():
        import harness.execution.work  # noqa: F401
        from harness._compat.transformers import read_names_of_weights

    read_names_of_weights()
    gc.freeze()
