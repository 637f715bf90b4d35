"""Slurm on this machine alone: munge, a controller and a node, with a folder and ports of their own."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
PATIENCE = 60

# Debian's plug-ins for control groups need systemd, and those for accounting a database.
CONFIG = """\
ClusterName=here
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} State=UNKNOWN
PartitionName=here Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def lacking() -> list[str]:
    """Return the programs that are not installed here."""
    return [name for name in PROGRAMS if _found(name) is None]


@dataclass(frozen=True)
class Slurm:
    """A cluster of one node; its commands find it by the configuration that `environment` names."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def said(self, *words: str) -> str:
        """Return what a command of Slurm's prints."""
        return subprocess.run(
            words, env={**os.environ, **self.environment}, capture_output=True, text=True, check=True
        ).stdout

    def start(self, host: str, ports: tuple[int, int]) -> None:
        """Start everything, and wait until the node takes jobs."""
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        user = self.said("id", "-un").strip()
        controller, node = ports
        processors = len(os.sched_getaffinity(0))
        filled = CONFIG.format(
            host=host, user=user, folder=self.folder, controller=controller, node=node, processors=processors
        )
        (self.folder / "slurm.conf").write_text(filled, encoding="utf-8")
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        at = self.folder
        self.said(
            _found("munged") or "munged",
            *(f"--key-file={key}", f"--socket={at}/munge.socket", f"--pid-file={at}/munged.pid"),
            *(f"--log-file={at}/munged.log", f"--seed-file={at}/munge.seed"),
        )
        self.said(_found("slurmctld") or "slurmctld", "-c")
        self.said(_found("slurmd") or "slurmd")
        until = time.monotonic() + PATIENCE
        while "idle" not in self.said("sinfo", "--noheader", "--format=%T"):
            assert time.monotonic() < until, (at / "slurmctld.log").read_text()
            time.sleep(0.5)

    def close(self) -> None:
        """End jobs, controller, node and munge, each by the number that it left."""
        if (self.folder / "slurmctld.pid").exists():
            self.said("scancel", "--user", self.said("id", "-un").strip())
            until = time.monotonic() + PATIENCE
            while self.said("squeue", "--noheader") and time.monotonic() < until:
                time.sleep(0.5)  # the steps of a job tell the controller that they ended, and wait for it
            self.said("scontrol", "shutdown", "slurmctld")
        for name in ("slurmd", "munged"):
            pid = self.folder / f"{name}.pid"
            if pid.exists():
                os.kill(int(pid.read_text()), signal.SIGTERM)


def _found(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
