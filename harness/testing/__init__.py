"""Contract test-suites for the extension points: inherit the class of a kind, and give it what its fixtures ask for.

`methods`, `layer_strategies`, `data_sources`, `score_sources`, `executors` and `diagnostics` hold a class each. `tiny`
and `tiny_spec` are the stand-ins that they use: a small random model, and a whole experiment that takes seconds.
"""
