"""The harness command as an array of tasks, which submitit brings to Slurm or starts here.

submitit keeps what it is given as a pickle of its own: a command, and nothing of ours. What a task takes of the run it
finds in the run folder, so it does not matter which of them start, when, and in what order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import submitit
from submitit.helpers import CommandFunction

from harness.errors import UsageError
from harness.ledger import RunFolder

FOLDER = "submitted"
"""The folder in a run folder of what submitit writes: a task's command, output and end."""

_KEEPING_THE_CODE = '"$@"; code=$?; echo $code > "$0"; exit $code'
"""A shell's command that leaves the exit code of another in a file: submitit has it in a text at best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """An array of `tasks` that all have the command line `words`, for a run folder; `parameters` are submitit's."""

    folder: Path
    words: tuple[str, ...]
    tasks: int
    cluster: str = "slurm"
    parameters: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One task of an array, counted from 1, with submitit's job and the file in which it leaves its exit code."""

    number: int
    job: Any
    code: Path

    @property
    def log(self) -> Path:
        """What the task said."""
        return Path(self.job.paths.stdout)


def submitted(array: Array) -> tuple[Task, ...]:
    """Submit the array, note it in the run's journal and return its tasks.

    Raises `UsageError` where there is no such cluster here, or submitit does not take a parameter.
    """
    folder = array.folder / FOLDER
    try:
        executor = submitit.AutoExecutor(folder=folder / "%j", cluster=array.cluster)
        executor.update_parameters(**{"name": array.folder.name, **array.parameters})
        folder.mkdir(parents=True, exist_ok=True)
        first = len(list(folder.glob("*.command")))
        tasks = []
        with executor.batch():
            for number in range(first + 1, first + array.tasks + 1):
                code = folder / f"task-{number}.exit"
                (folder / f"task-{number}.command").write_text("\n".join(array.words) + "\n", encoding="utf-8")
                command = CommandFunction(["sh", "-c", _KEEPING_THE_CODE, str(code), *array.words], cwd=Path.cwd())
                tasks.append(Task(number, executor.submit(command), code))
    except (RuntimeError, NameError, ValueError, TypeError, FileNotFoundError) as error:
        raise UsageError(
            f"submitit cannot submit to {array.cluster}: {error}. Where `sbatch` is at hand, --to slurm; --to local "
            "starts processes here; --with takes what submitit's update_parameters takes."
        ) from error
    jobs = [each.job.job_id for each in tasks]
    RunFolder(array.folder).journal.append("submitted", to=array.cluster, jobs=jobs, command=list(array.words))
    return tuple(tasks)


def waited_for(array: Array, task: Task) -> int | None:
    """Wait until a task has ended, note how in the journal, and return its exit code; None where it was killed."""
    task.job.wait()
    try:
        code = int(task.code.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        code = None
    log = str(task.log.relative_to(array.folder))
    RunFolder(array.folder).journal.append("task ended", job=task.job.job_id, code=code, log=log)
    return code
