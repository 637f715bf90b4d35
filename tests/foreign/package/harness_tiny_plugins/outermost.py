"""The layers nearest to both ends of the stack."""

from harness.methods import Choice


def outermost(request):
    """Choose by turns from either end; the option `first` says with which to begin, the `input` or the `output`."""
    one, other = range(request.total), range(request.total - 1, -1, -1)
    if request.layers.options.get("first") == "output":
        one, other = other, one
    by_turns = dict.fromkeys(layer for pair in zip(one, other, strict=True) for layer in pair)
    return Choice(tuple(by_turns)[: request.count])
