"""What we change in lm-eval, each with the condition under which it can go."""

import functools

import lm_eval.utils


@functools.cache
def keep_compiled_templates() -> None:
    """Keep a task's compiled Jinja templates, which lm-eval compiles anew for every document that it renders.

    Compiling takes longer than rendering. Delete when upstream's `lm_eval.utils.apply_template` keeps them.
    """
    lm_eval.utils.env.from_string = functools.lru_cache(lm_eval.utils.env.from_string)
