"""Readers of reference manuals, one a manual: the unpacked members of a wheel in, pages of named entries out."""
