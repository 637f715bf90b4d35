"""What an estimate could not look at is noted once, and what is wrong is not taken for absent."""

from functools import partial

from harness.errors import NotInCacheError, SourceError
from harness.preflight.unknown import Unknown


def fail(error):
    raise error


def test_what_the_user_could_mend_is_noted_once():
    unknown = Unknown()
    for error in (NotInCacheError("x==1", "…"), NotInCacheError("x==1", "…"), SourceError("no file\nmore")):
        assert unknown.attempt(partial(fail, error)) is None
    assert unknown.attempt(lambda: 5) == 5
    assert (unknown.absent, unknown.reasons) == (["x==1"], ["no file"])
