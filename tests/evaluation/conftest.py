"""Requests with shared contexts."""

import pytest
from lm_eval.api.instance import Instance

from helpers.families import random_model, tokenizer

__all__ = ["random_model", "tokenizer"]


@pytest.fixture(scope="session")
def questions():
    """Seven questions with one to five options, of many lengths; one option is a single token."""
    options_of = {
        "Question: what is a Pod?\nAnswer:": [" a container", " a", " the smallest unit", " nothing of all this"],
        "Question: which field?\nAnswer:": [" spec", " status", " metadata.name"],
        "A trailing space moves: ": ["yes", "no"],
        "one token": ["s", "?"],
        "short": [" x y z"],
        "": ["no context", "at all"],
        "Question: of five, which one is the longest of all of them here?\nAnswer:": [" 1", " 22", " 333", " 1", " 5"],
    }
    pairs = [(context, option) for context, options in options_of.items() for option in options]
    return [
        Instance(request_type="loglikelihood", doc={}, arguments=pair, idx=0, metadata=("t", 0, 1)) for pair in pairs
    ]


@pytest.fixture(scope="session")
def preamble():
    """What stands before every question of `with_examples`."""
    return "Question: what is one and one?\nAnswer: two\n\nQuestion: and twice that?\nAnswer: four\n\n"


@pytest.fixture(scope="session")
def with_examples(questions, preamble):
    """The questions, each after the same two examples."""
    return [
        Instance(
            request_type="loglikelihood",
            doc={},
            arguments=(preamble + each.args[0], each.args[1]),
            idx=0,
            metadata=("t", 0, 1),
        )
        for each in questions
    ]
