"""Every decoder layer."""

from harness.adaptation.layers.contract import Choice, Request


def everything(request: Request) -> Choice:
    """Choose all layers."""
    return Choice(tuple(range(request.total)))
