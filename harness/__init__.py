"""harness: which way of adapting a language model holds up, where, and how sure are we."""

__version__ = "0.1.0"
