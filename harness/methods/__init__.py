"""The ways of adapting a model: what each is, what it comes to on a model, and how it is carried out.

`traits` and `catalogue` say what must be known of a recipe before anything is loaded; they import neither torch nor
PEFT, and this module imports nothing, so that light verbs can use them. To follow one recipe read `adapt`, which asks
the method for the rest: `full`, `bottleneck`, or `peft.method`. A third party's method keeps the contract in `_base`.
"""
