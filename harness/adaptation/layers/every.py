"""Layers spread evenly over the stack."""

from harness.adaptation.layers.contract import Choice, Request


def every(request: Request) -> Choice:
    """Choose `count` layers at even distances from layer 0: a fraction of 0.5 is every second one."""
    return Choice(tuple(place * request.total // request.count for place in range(request.count)))
