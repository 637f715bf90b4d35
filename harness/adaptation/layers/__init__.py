"""Which decoder layers to adapt: the contract, and the registry of strategies.

A strategy is a function ``Request -> Choice`` in a file of its own. It is pure unless it reads the model (only
``gradient`` does), never keeps the model or the data, leaves the model's weights and `requires_grad` flags as it
found them, and raises `RecipeError` when the request cannot be met. It may be called from one thread at a time.

The registry holds names and where to find them (``module:attribute``), imported when first asked for. Another
package adds a strategy with an entry point in the group ``harness.layer_strategies``; a name that is taken is
refused, a name that is not there is answered with the nearest ones.
"""

from harness.adaptation.layers.contract import Choice, Request, Strategy
from harness.adaptation.layers.registry import names, strategy
from harness.adaptation.layers.select import layer_count, select

__all__ = ["Choice", "Request", "Strategy", "layer_count", "names", "select", "strategy"]
