"""The layers nearest the output."""

from harness.adaptation.layers.contract import Choice, Request


def last(request: Request) -> Choice:
    """Choose the last `count` layers."""
    return Choice(tuple(range(request.total - request.count, request.total)))
