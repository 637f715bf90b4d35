"""Where base models and training rows come from, a file a source, and the cache that they share."""
