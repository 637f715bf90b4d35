"""A bounded sample of damage; the long mode is ``python -m faults --damages -1``."""

import pytest

from faults.damages import Damage, tried

SAMPLE = [
    Damage("lock", "flipped at 0", "finished"),
    Damage("journal", "emptied", "finished"),
    Damage("journal", "brackets", "finished"),
    Damage("threads", "deleted", "finished"),
    Damage("unit", "a folder", "finished"),
    Damage("unit", "brackets", "finished"),
    Damage("result", "null", "finished"),
    Damage("result", "cut to 0.5", "finished"),
    Damage("training", "cut to 0.5", "trained"),
    Damage("adapter", "emptied", "trained"),
    Damage("adapter_config", "cut to 0.5", "trained"),
    Damage("evaluation", "a folder", "scored"),
    Damage("samples", "zeros at the end", "scored"),
]


@pytest.mark.run
@pytest.mark.parametrize("damage", SAMPLE, ids=str)
def test_what_is_damaged_is_named_or_made_again(grid, tmp_path, damage):
    told = tried(grid, damage, tmp_path / "damaged")
    assert not told.wrong, told.shown
