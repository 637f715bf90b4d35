"""Mutants of specs, recipes, tasks, options, logs and run folders, tried on the real command line."""
