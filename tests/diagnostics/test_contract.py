"""Our own diagnostics keep the contract that a third party's has to keep."""

import pytest

from harness.diagnostics import DEFAULTS
from harness.testing.diagnostics import DiagnosticContract


class TestDefaults(DiagnosticContract):
    @pytest.fixture(params=DEFAULTS, ids=lambda each: each.name)
    def make(self, request):
        return request.param
