"""Which decoder layers to adapt: the contract (`_base`), the strategies, and how one is asked (`choose`)."""
