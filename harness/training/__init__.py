"""One cell through TRL's SFTTrainer: rows in, a trained model and what it cost out."""

from harness.training.run import Rows, Trained, ValidationSet, train

__all__ = ["Rows", "Trained", "ValidationSet", "train"]
