"""Settings of the world of normal effects: what scores, seeds and domains can be like."""

from collections.abc import Mapping

KINDS: Mapping[str, Mapping[str, float | bool]] = {
    "0/1 scores": {},
    "continuous scores": {"item_sd": 0.2, "rest_sd": 0.2},
    "almost no noise": {"seed_sd": 0.002, "item_sd": 0.05, "rest_sd": 0.05},
    "seeds alone": {"seed_sd": 0.02, "item_sd": 0.01, "rest_sd": 0.05},
    "heavy-tailed seeds": {"seed_sd": 0.02, "item_sd": 0.1, "rest_sd": 0.1, "heavy": True},
    "noisier outside": {"outside": 3.0},
    "surer outside": {"outside": 0.1},
    "opposed domains": {"between_domains": -0.5},
}
"""What each changes of a seed SD of 1 point, an item SD of .12, a rest of .55 a score, and 1,000 items."""
