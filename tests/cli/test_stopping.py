"""One signal stops a command in order, with the command that goes on; a second one at once."""

import os
import signal
import subprocess
import sys

import pytest

from helpers.commands import ROOT

COMMAND = """
import sys, time
from harness.cli import ls, main
def slow(args):
    try:
        print("ready", flush=True)
        time.sleep(600)
    finally:
        print("ending", flush=True)
        time.sleep({ending})
ls.run = slow
sys.exit(main(["ls", "a folder"]))
"""


def started(ending):
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(ending=ending)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_one_signal_stops_in_order_and_says_what_goes_on(number, code):
    process = started(ending=0)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "ending\n")
    assert err == "harness: stopped; what is done is kept. It goes on with: harness ls 'a folder'\n"


def test_a_second_signal_stops_at_once():
    process = started(ending=600)
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "ending\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
