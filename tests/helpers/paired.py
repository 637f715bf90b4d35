"""Paired differences for the tests of the statistics: made from a named seed, and as Hypothesis strategies."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

quick = settings(deadline=None, max_examples=40)
"""A busy machine is no failure, and forty examples find what these properties can break on."""


def differences(seeds, items, *, seed=0, gap=0.1, seed_sd=0.05, item_sd=0.2, residual_sd=0.3):
    """Return differences ``(seeds, items)`` with effects of seeds, of items and of both together."""
    rng = np.random.default_rng(seed)
    rows = seed_sd * rng.standard_normal((seeds, 1))
    columns = item_sd * rng.standard_normal((1, items))
    return gap + rows + columns + residual_sd * rng.standard_normal((seeds, items))


@st.composite
def tables(draw, *, min_seeds=2):
    """Draw differences of two to five seeds (`min_seeds` up) and four to twelve items, of ordinary size."""
    seeds, items = draw(st.integers(min_seeds, 5)), draw(st.integers(4, 12))
    cells = st.lists(st.integers(-100, 100), min_size=seeds * items, max_size=seeds * items)
    return np.array(draw(cells), dtype=float).reshape(seeds, items) / 100


@st.composite
def clustered_tables(draw):
    """Draw differences with a cluster label an item, of three labels at most and at least two."""
    table = draw(tables())
    items = table.shape[1]
    labels = draw(st.lists(st.integers(0, 2), min_size=items - 2, max_size=items - 2))
    return table, np.array([0, 1, *labels])
