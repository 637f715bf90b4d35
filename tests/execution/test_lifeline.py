"""Real processes end with whoever started them, also in a step that holds Python's lock."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from helpers.commands import ROOT

CHILD = """
import ctypes, os, sys
from harness.execution import lifeline
{asked}
print("ready", os.getpid(), flush=True)
{step}
"""
LONG_STEP = "ctypes.PyDLL(None).sleep(600)"
"""C code that does not let go of Python's lock."""
PATIENT_STEP = "import time; time.sleep(600)"
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE)
child.wait()
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
SOON = 2.0


def orphaned(asked, step):
    """Start a parent and its child, kill the parent once the child is at its step, and return the child."""
    code = CHILD.format(asked=asked, step=step)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, code], stdout=subprocess.PIPE, env=ENVIRONMENT)
    child = psutil.Process(int(parent.stdout.readline().split()[1]))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    return child


def has_ended(child):
    return not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a step that holds Python's lock is waited for")
def test_a_worker_ends_with_its_parent_in_the_middle_of_a_step_that_holds_the_lock():
    child = orphaned("lifeline.end_with(os.getppid())", LONG_STEP)
    until = time.monotonic() + SOON
    while not has_ended(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert has_ended(child)


@pytest.mark.parametrize(
    "asked",
    [
        "lifeline._asked_of_linux = lambda: False; lifeline.end_with(os.getppid())",
        "block = lifeline.ended_with_input(); block.__enter__()",
    ],
)
def test_where_the_system_does_not_tell_it_looks(asked):
    child = orphaned(asked, PATIENT_STEP)
    child.wait(60)
    assert has_ended(child)


def test_what_comes_too_late_ends_at_once():
    code = CHILD.format(asked="lifeline.end_with(1 << 30)", step=PATIENT_STEP)
    assert subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=False, timeout=60).returncode == 1


def test_after_the_block_nothing_looks_any_more():
    asked = "\nwith lifeline.ended_with_input():\n    pass"
    step = "import signal; print(signal.getitimer(signal.ITIMER_REAL)[0], signal.getsignal(signal.SIGALRM) == 0)"
    said = subprocess.run(
        [sys.executable, "-c", CHILD.format(asked=asked, step=step)],
        env=ENVIRONMENT,
        check=True,
        timeout=60,
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
    )
    assert said.stdout.endswith("0.0 True\n")
