"""``harness trust PATH``: the code that tasks of a stranger's bring, shown, and remembered by its content."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.declarations import trust
from harness.declarations.task_yaml import read_task
from harness.errors import TaskError, UsageError
from harness.paths import read_regular

_LONGEST = 400
"""Lines of a file that are shown."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a task's YAML or Python, or a folder of them"
    )
    parser.add_argument("--yes", action="store_true", help="remember it without asking")


def run(args: argparse.Namespace) -> int:
    """Show the files, ask, and remember them; the exit code is 1 where they are not to be."""
    files = list(dict.fromkeys(file for path in args.paths for file in _files(path)))
    new = [file for file in files if not trust.is_trusted(file)]
    for file in new:
        _show(file)
    if not new:
        print("nothing to trust: no code, or none that is not trusted already")
        return 0
    if not args.yes and not _agreed(len(new)):
        print("nothing was remembered", file=sys.stderr)
        return 1
    trust.remember(new)
    print(f"trusted as {'it is' if len(new) == 1 else 'they are'} now: {', '.join(map(str, new))}")
    return 0


def _files(path: Path) -> Iterator[Path]:
    """Yield the files whose content has to be trusted for what a path holds to run."""
    path = path.expanduser().resolve()
    if path.is_dir():
        yield from (file for each in sorted(path.rglob("*.yaml")) for file in _of_task(each, alone=False))
        yield from sorted(path.rglob("*.py"))
    elif path.suffix == ".py" and path.is_file():
        yield path
    elif path.is_file():
        yield from _of_task(path, alone=True)
    else:
        raise UsageError(f"there is no file or folder {path}.")


def _of_task(path: Path, *, alone: bool) -> list[Path]:
    try:
        task = read_task(path)
    except TaskError:
        if alone:
            raise
        return []
    return [] if task is None else trust.files_of(trust.all_code(task))


def _show(file: Path) -> None:
    try:
        lines = read_regular(file).decode("utf-8", "backslashreplace").splitlines()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    print(f"--- {file} ({len(lines)} lines)")
    print("\n".join(lines[:_LONGEST]))
    if len(lines) > _LONGEST:
        print(f"--- {len(lines) - _LONGEST} more lines")


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        print("harness: to remember this, say --yes, or answer on a terminal", file=sys.stderr)
        return False
    return input(f"Let {'this' if count == 1 else f'these {count} files'} run as you, from now on? [y/N] ").strip() in (
        "y",
        "Y",
        "yes",
    )
