"""The base model as training and scoring share it: its decoder layers, its head, its shapes and its counts.

Nothing here knows of recipes or adapters.
"""
