"""The layers around the middle of the stack."""

from harness.adaptation.layers.contract import Choice, Request


def middle(request: Request) -> Choice:
    """Choose `count` adjacent layers, one more left out above them than below where the rest is odd."""
    start = (request.total - request.count) // 2
    return Choice(tuple(range(start, start + request.count)))
