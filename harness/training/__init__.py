"""One cell through TRL's SFTTrainer: rows in, a trained model and what it cost out."""

from harness.training.run import Held, Rows, Trained, train

__all__ = ["Held", "Rows", "Trained", "train"]
