"""Arrays in, numbers out: what the comparator estimates and how sure it is. No files, no specs.

Throughout, a paired difference is ``score of the reference - score of the candidate`` with scores oriented so
that higher is better: a positive gap means that the reference is better. The last two axes of an array of
differences are (seeds, items); any axes before them are independent replicates, which is how the simulation
benchmark runs the very code that judges real runs.
"""
