"""Quieting what libraries say on import that is of no use to whoever called a verb."""

import logging


def hush() -> None:
    """Drop bitsandbytes' warning about kernels that speed up quantized inference: nothing here needs them."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
