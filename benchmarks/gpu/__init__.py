"""What one card does with a model of three billion parameters: that it works at all, and how fast."""
