"""One cell through TRL's SFTTrainer: rows in, a trained model and what it cost out."""

from harness.training.run import Trained, train

__all__ = ["Trained", "train"]
