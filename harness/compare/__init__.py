"""Scores of run folders, of anyone's lm-eval logs or a third party's format: as a table, and paired to be compared."""
