"""Scores made of sums over items, by the sums: ratios, F1 and Matthews' correlation from counts."""

import numpy as np

from harness.statistics.critical import Floats


def ratio(sums: Floats) -> Floats:
    """Return the first sum by the second, ``(..., 2)`` to ``(...)``."""
    return _divided(sums[..., 0], sums[..., 1])


def confusion(sums: Floats) -> Floats:
    """Return sums ``(..., labels²)`` as tables ``(..., right label, label given)``."""
    labels = round(np.sqrt(sums.shape[-1]))
    return sums.reshape(*sums.shape[:-1], labels, labels)


def f1_by_label(table: Floats) -> Floats:
    """Return 2·tp / (2·tp + fp + fn) of each label, ``(..., labels)``; 0 where a label occurs on neither side."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    return np.nan_to_num(_divided(2 * hits, table.sum(axis=-1) + table.sum(axis=-2)))


def binary_f1(sums: Floats) -> Floats:
    """Return F1 of the last label, which is the positive one."""
    return f1_by_label(confusion(sums))[..., -1]


def micro_f1(sums: Floats) -> Floats:
    """Return F1 of all labels' counts together; with one label an item it is the accuracy."""
    table = confusion(sums)
    return _divided(np.trace(table, axis1=-2, axis2=-1), table.sum(axis=(-2, -1)))


def macro_f1(sums: Floats) -> Floats:
    """Return the mean F1 of the labels that occur."""
    table = confusion(sums)
    there = (table.sum(axis=-1) + table.sum(axis=-2)) > 0
    return _divided((f1_by_label(table) * there).sum(axis=-1), there.sum(axis=-1))


def weighted_f1(sums: Floats) -> Floats:
    """Return the mean F1 of the labels, each as often as it is the right one."""
    table = confusion(sums)
    support = table.sum(axis=-1)
    return _divided((f1_by_label(table) * support).sum(axis=-1), support.sum(axis=-1))


def matthews(sums: Floats) -> Floats:
    """Return Matthews' correlation for any number of labels (Gorodkin 2004); 0 where a side has one label only."""
    table = confusion(sums)
    right, given = table.sum(axis=-1), table.sum(axis=-2)
    items = table.sum(axis=(-2, -1))
    covariance = np.trace(table, axis1=-2, axis2=-1) * items - (right * given).sum(axis=-1)
    spread = np.sqrt((items**2 - (right**2).sum(axis=-1)) * (items**2 - (given**2).sum(axis=-1)))
    return np.nan_to_num(_divided(covariance, spread))


def _divided(above: Floats, below: Floats) -> Floats:
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))
