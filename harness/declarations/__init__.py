"""Declarations: where recipes, tasks and experiments are found, and what a task's YAML says."""
