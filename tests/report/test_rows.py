"""Rows that were shortened are said of the recipes that it was so for, and are a mark where they are many."""

from harness.report.document import Notice, Prose
from harness.report.sections.rows import _blocks
from harness.trained import RowCounts

FEW = RowCounts(total=100, cut=3, dropped=2, max_length=64)
MANY = RowCounts(total=100, cut=4, dropped=2, max_length=32)
NONE = RowCounts(total=100, cut=0, dropped=0, max_length=128)


def test_recipes_that_leave_as_much_share_a_line():
    assert list(_blocks({"base": None, "full": FEW, "lora": FEW})) == [
        Prose("rows: every recipe: of 100 rows max_length 64 cuts 3 and leaves 2 out (5.0%)")
    ]


def test_more_than_a_twentieth_is_a_mark_and_nothing_shortened_is_not_said():
    assert list(_blocks({"base": None, "full": NONE, "lora": FEW, "qlora": MANY})) == [
        Prose("rows: lora: of 100 rows max_length 64 cuts 3 and leaves 2 out (5.0%)"),
        Notice("many rows shortened: qlora: of 100 rows max_length 32 cuts 4 and leaves 2 out (6.0%)"),
    ]
    assert list(_blocks({"full": NONE, "lora": None})) == []
