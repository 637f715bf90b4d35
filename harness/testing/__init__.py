"""Contract test-suites for the extension points: inherit the class of a kind, and give it what its fixtures ask for."""
