"""Units of work as programs of their own behind another command, such as `nice -n 10` or a container's."""

from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from tempfile import TemporaryDirectory

from harness.execution import Event, Executor, Exit, worker_command, worker_environment, write_unit


class Wrapped(Executor):
    """`command` comes before that of each worker; `folder` is where the units' files lie while it runs."""

    def __init__(self, log, *, command, folder=None):
        self._log, self._command = log, command
        self._folder = TemporaryDirectory(dir=folder)

    def submit(self, unit):
        path = write_unit(unit, Path(self._folder.name) / f"{unit.id}.json")
        environment = worker_environment(unit.device, unit.environment)
        with (
            self._log.open("ab") as log,
            Popen(
                [*self._command, *worker_command(path)], stdin=DEVNULL, stdout=PIPE, stderr=log, env=environment
            ) as process,
        ):
            try:
                for line in process.stdout:
                    yield Event.parse(line)
                yield Exit(unit.id, process.wait())
            finally:
                process.terminate()  # where whoever listens has had enough; one that has ended is left alone

    def close(self):
        self._folder.cleanup()
