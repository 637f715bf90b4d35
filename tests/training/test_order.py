"""The digests that tell in which order a training saw its examples."""

import pytest
import torch
from torch.utils.data import DataLoader, RandomSampler

from harness.training.order import RowOrder

ROWS = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12], [13, 14, 15], [16, 17, 18]]


class Epochs(DataLoader):
    """A loader that is told which epoch it draws, and draws from the global random state."""

    epochs: list[int]

    def set_epoch(self, epoch):
        self.epochs = [*getattr(self, "epochs", []), epoch]


def loading(rows, batch_size=2, *, shuffle=False):
    def collate(examples):
        ids = torch.tensor(examples)
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    def load():
        sampler = RandomSampler(rows) if shuffle else None
        return Epochs(rows, batch_size=batch_size, collate_fn=collate, sampler=sampler)

    return load


def seen(rows, batch_size=2, **how):
    order = RowOrder(2, **how)
    for batch in loading(rows, batch_size)():
        order.see(batch)
    return order


def test_a_digest_is_of_everything_up_to_its_batch():
    whole, part = seen(ROWS), seen(ROWS[:4])
    assert whole.digests[:2] == part.digests
    assert len(set(whole.digests)) == 3
    assert (whole.examples, part.examples) == (6, 4)


@pytest.mark.parametrize("other", [[ROWS[1], ROWS[0], *ROWS[2:]], [*ROWS[2:4], *ROWS[:2], *ROWS[4:]]])
def test_another_order_has_other_digests(other):
    assert seen(other).digests[0] != seen(ROWS).digests[0]


def test_a_batch_that_processes_share_is_those_of_one_device():
    assert seen(ROWS, 4, at_once=2).digests == seen(ROWS).digests


def test_what_was_seen_is_drawn_again_epoch_by_epoch():
    order, loaders = RowOrder(2), []
    load = loading(ROWS)
    order.see_again(lambda: loaders.append(load()) or loaders[-1], 5)
    assert loaders[0].epochs == [0, 1]
    assert order.digests == seen([*ROWS, *ROWS[:4]]).digests
    assert order.examples == 10


@pytest.mark.parametrize("how", ["see_again", "drawn_again"])
def test_drawing_again_leaves_the_random_state(how):
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    getattr(RowOrder(2), how)(loading(ROWS, shuffle=True), 2)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_drawn_anew_is_the_same_where_the_random_state_has_no_part():
    order = seen(ROWS)
    assert order.drawn_again(loading(ROWS), 2) == order.digests[:2]
    torch.manual_seed(7)
    shuffled = RowOrder(2)
    for batch in loading(ROWS, shuffle=True)():
        shuffled.see(batch)
    assert shuffled.drawn_again(loading(ROWS, shuffle=True), 3) != shuffled.digests
