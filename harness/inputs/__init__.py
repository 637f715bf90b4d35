"""Two sets of prompts beside each other: whether what comes in has shifted, against how one set differs from itself.

::

    prompts       the prompts of a file, with everything that is wrong with it
    likelihood    how likely a base model finds them; the one module here that needs the extra `run`
    shifted       by length, n-grams and likelihood, each with its interval, and whether to look again
    document      and as a report
"""
