from helpers.tiny_llama import batches, tiny, tokenizer

__all__ = ["batches", "tiny", "tokenizer"]
