"""Where models and data come from: pinned wheels on PyPI, the hub, a path, or a random initialisation."""
