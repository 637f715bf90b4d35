"""What the fields of records hold: JSON of foreign blocks, and bytes."""

from typing import Any

MIB, GIB = 2**20, 2**30
"""Bytes."""

JSON = Any
"""A JSON value: what a foreign library's block holds verbatim, or what one measurement says in detail."""
