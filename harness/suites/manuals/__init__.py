"""Readers of reference manuals. A reader turns the unpacked members of a wheel into pages; one file a manual.

A reader parses and never imports what it reads, keeps file order out of its result (pages are sorted by name),
and leaves out what is deprecated, boilerplate or says nothing.
"""
