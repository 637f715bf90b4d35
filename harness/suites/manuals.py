"""The old path of `harness.questions.manuals`: names that the loaders of the shipped tasks hand on to `loading`."""

from types import SimpleNamespace

kubernetes = cmake = botocore = mavlink = SimpleNamespace(MEMBERS=())
