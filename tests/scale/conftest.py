"""Clusters on this machine: Ray's of several nodes, each of them processes that can be killed together, and Slurm."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scale.slurm import Slurm, lacking

PATIENCE = 240


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@dataclass
class Cluster:
    """A head and further nodes, each begun with ``ray start`` and one processor that a unit can have."""

    address: str
    folder: Path
    nodes: list = field(default_factory=list)

    def start(self, *options):
        """Start a node and return its place among them."""
        command = [str(Path(sys.executable).parent / "ray"), "start", "--num-cpus=1", "--disable-usage-stats", *options]
        with (self.folder / f"node-{len(self.nodes)}.txt").open("wb") as said:
            process = subprocess.Popen(
                [*command, "--block"],
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "RAY_enable_open_telemetry": "0"},
            )
        self.nodes.append(process)
        return len(self.nodes) - 1

    def kill(self, place):
        """Kill all of a node, as a power cut does."""
        import psutil

        node = psutil.Process(self.nodes[place].pid)
        for each in [node, *node.children(recursive=True)]:
            each.send_signal(signal.SIGKILL)
        self.nodes[place].wait()

    def has_unit(self, place):
        """Tell whether a worker program runs on a node."""
        import psutil

        found = psutil.Process(self.nodes[place].pid).children(recursive=True)
        return any("harness.worker" in words(each) for each in found)

    def close(self):
        for place, process in enumerate(self.nodes):
            if process.poll() is None:
                self.kill(place)


def words(process):
    import psutil

    try:
        return process.cmdline()
    except psutil.Error:  # it ended meanwhile
        return []


@pytest.fixture(scope="session")
def ray_cluster():
    """A cluster of two nodes; the first is its head and takes units as the second does."""
    pytest.importorskip("ray", reason="needs the extra `ray`")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ray-") as folder:  # the sockets' paths below it have to be short
        cluster = Cluster(f"127.0.0.1:{port}", Path(folder))
        try:
            cluster.start("--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}/head")
            answers(port)
            cluster.start(f"--address={cluster.address}")
            yield cluster
        finally:
            cluster.close()


def answers(port):
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "the head does not answer"
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="session")
def slurm():
    """Slurm's own programs with a cluster of this machine, where they are installed."""
    pytest.importorskip("submitit", reason="needs the extra `slurm`")
    if missing := lacking():
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: apt install slurmctld slurmd slurm-client munge)")
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    folder.chmod(0o755)  # munge refuses a socket in a folder that others cannot enter
    cluster = Slurm(folder)
    try:
        cluster.start(socket.gethostname().partition(".")[0], (free_port(), free_port()))
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(folder, ignore_errors=True)  # of what ends just now a log may still come
