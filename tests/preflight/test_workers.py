"""How many cells run at once follows from what is asked, and from processors, devices and memory."""

import os

import pytest

from harness.preflight.workers import places, workers_of
from harness.spec.records import Execution

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def test_a_declared_number_is_taken_as_it_is():
    assert workers_of(Execution(workers=7, threads=3)) == 7


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_auto_gives_each_cell_its_threads(threads):
    assert workers_of(Execution(workers="auto", threads=threads)) == max(1, CORES // threads)


def test_auto_without_threads_is_one_cell_on_a_cpu_and_any_number_of_devices():
    assert workers_of(Execution(workers="auto")) == 1
    assert workers_of(Execution(workers="auto", device="cuda")) == CORES


@pytest.mark.parametrize(
    ("devices", "fitting", "expected"), [(None, None, 4), (None, 2, 2), (None, 0, 1), (3, None, 3), (8, None, 4)]
)
def test_there_are_as_many_places_as_memory_or_devices_allow(devices, fitting, expected):
    assert places(4, devices, fitting) == expected
