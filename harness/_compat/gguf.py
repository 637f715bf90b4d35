"""What transformers does again and again while it converts a GGUF file, done once."""

import contextlib
import functools
from collections.abc import Iterator

import gguf


@contextlib.contextmanager
def read_once() -> Iterator[None]:
    """Parse each GGUF file once, and make each map of tensor names once, while the block runs.

    transformers parses the file anew for the configuration, the weights and the tokenizer, and makes one and the same
    map for every module of the model: two thirds of the conversion of a small one. Both are read and not written.
    Delete when `transformers.modeling_gguf_pytorch_utils` keeps them.
    """
    reader, names = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader = functools.cache(reader)
    gguf.get_tensor_name_map = functools.cache(names)
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = reader, names
