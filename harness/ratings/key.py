"""Which recipe wrote which side of which pair: the key, which raters do not get."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import __version__
from harness.codec import DecodeError, decode, encode
from harness.errors import ComparisonError
from harness.ledger.files import write_json
from harness.paths import read_record
from harness.storage import writing

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """One pair: its name on the sheets, the recipes of its sides, and the item and training seed that they answered.

    `item` is the start of lm-eval's hash of the document, `cluster` what the document depends on with others.
    """

    pair: str
    a: str
    b: str
    item: str
    cluster: str | None = None
    training_seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What an export was made from and of; `seed` drew the items, their order and their sides.

    `these_models` says that the marks are to speak of these trained models, and not of their recipes.
    """

    run: str
    task: str
    reference: str
    candidates: tuple[str, ...]
    alpha: float
    seed: int
    pairs: tuple[KeyPair, ...]
    these_models: bool = False
    format: int = FORMAT
    harness: str = __version__

    @property
    def training_seeds(self) -> int:
        """How many training seeds the answers are from."""
        return len({each.training_seed for each in self.pairs})

    @property
    def of_recipes(self) -> bool:
        """Whether the marks can speak of recipes, and not of the trained models alone."""
        return self.training_seeds > 1 and not self.these_models

    def of_candidate(self, name: str) -> tuple[KeyPair, ...]:
        """Return the pairs in which a candidate stands beside the reference, in the order of the sheet."""
        return tuple(each for each in self.pairs if name in {each.a, each.b})


def write_key(path: Path, key: Key) -> None:
    """Write a key. Raises `StorageError` where the disk refuses."""
    with writing(path):
        write_json(path, encode(key))


def read_key(path: Path) -> Key:
    """Return the key in a file. Raises `ComparisonError` for what is none."""
    try:
        found = read_record(path)
        said = _format(found)
        if said != FORMAT:
            raise ComparisonError(f"{path} is a key of format {said!r}, and this harness reads {FORMAT}.")
        key = decode(Key, found)
    except DecodeError as error:
        raise ComparisonError(f"{path} is not a key of ratings ({error}). {_REMEDY}") from error
    except OSError as error:
        raise ComparisonError(f"{path} cannot be read ({error.strerror or error}). {_REMEDY}") from error
    except (ValueError, RecursionError) as error:
        raise ComparisonError(f"{path} is not a key of ratings: it is not whole JSON. {_REMEDY}") from error
    _check(path, key)
    return key


_REMEDY = "Give the file that `harness rate export` wrote beside the folder for raters."


def _format(found: Any) -> Any:
    return found.get("format", FORMAT) if isinstance(found, dict) else FORMAT


def _check(path: Path, key: Key) -> None:
    """Raise for pairs that are not one of the reference with a candidate, or are there twice."""
    wrong = [each.pair for each in key.pairs if not _is_sound(each, key)]
    names = [each.pair for each in key.pairs]
    wrong += sorted({name for name in names if names.count(name) > 1})
    if wrong or not key.pairs:
        raise ComparisonError(
            f"{path}: {', '.join(wrong[:3]) or 'no pair at all'}: a pair is the reference beside one candidate, and "
            f"there once. The file was changed. {_REMEDY}"
        )


def _is_sound(pair: KeyPair, key: Key) -> bool:
    sides = {pair.a, pair.b}
    return key.reference in sides and len(sides & set(key.candidates)) == 1
