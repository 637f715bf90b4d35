"""lm-eval tasks as the harness uses them: found and built by name, rendered, scored, or written from a file."""
