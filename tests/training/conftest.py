"""Small random models of several families, and the tiny experiment with its tokenizer."""

import pytest

from harness.sources import models
from harness.spec import load
from helpers.families import random_model

__all__ = ["random_model"]


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


@pytest.fixture
def tokenizer(experiment):
    return models.tokenizer(experiment.model)
