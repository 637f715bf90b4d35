"""Small random models of several families."""

from helpers.families import random_model

__all__ = ["random_model"]
