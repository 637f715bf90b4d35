"""What one process says to itself, and generators that another process can write down."""

import random

import numpy as np
import torch

from harness.training.generators import as_text, generators, of_text, put_back
from harness.training.together import is_first, of_all, of_first, place, several

CPU = torch.device("cpu")


def test_one_process_agrees_with_itself():
    assert (several(), place(), is_first()) == (False, 0, True)
    assert of_first(True, CPU) is True
    assert of_all("αβ", CPU) == ["αβ"]


def drawn():
    return random.random(), np.random.rand(), float(torch.rand(()))  # noqa: NPY002 - the one that libraries draw from


def test_generators_go_on_from_where_a_text_found_them():
    text = as_text(generators())
    first = drawn()
    put_back(of_text(text))
    assert drawn() == first
