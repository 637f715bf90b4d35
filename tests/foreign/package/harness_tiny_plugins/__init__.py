"""One of each kind of plug-in, as docs/extending.md shows them."""
