"""The layers nearest the input."""

from harness.adaptation.layers.contract import Choice, Request


def first(request: Request) -> Choice:
    """Choose the first `count` layers."""
    return Choice(tuple(range(request.count)))
