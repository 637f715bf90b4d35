"""What a tokenizer writes around a text by itself, where scoring cannot work with it."""

from transformers import PreTrainedTokenizerBase

from harness.errors import SourceError


def refuse_a_closing_token(tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer that ends every text with a special token.

    lm-eval takes as the answer's tokens what prompt and answer together have beyond the prompt alone. With a
    closing token after the prompt this loses the answer's first token and scores the closing one instead.
    Raises `SourceError`.
    """
    bare = tokenizer.encode("a", add_special_tokens=False)
    whole = tokenizer.encode("a")
    if bare and whole[-1] != bare[-1]:
        raise SourceError(
            f"the tokenizer ends every text with {tokenizer.decode(whole[-1:])!r}, so an answer's tokens cannot be "
            'told from its prompt\'s. Set "add_eos_token": false in its tokenizer_config.json.'
        )
