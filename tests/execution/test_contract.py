"""Our own executor keeps the contract that a third party's has to keep."""

import pytest

from harness.execution.local import LocalExecutor
from harness.testing.executors import ExecutorContract


class TestLocal(ExecutorContract):
    @pytest.fixture
    def executor(self, log):
        with LocalExecutor(log, device="cpu") as opened:
            yield opened
