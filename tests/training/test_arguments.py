"""What the harness decides of SFTConfig, by the device that it is given and by nothing that it asks."""

import pytest

from harness.training.arguments import sft_config


@pytest.mark.parametrize(
    ("device", "on_cpu", "pinned"),
    [("cpu", True, False), ("cuda", False, True), ("cuda:1", False, True), ("mps", False, False)],
)
def test_the_device_is_the_one_that_is_given(tmp_path, monkeypatch, device, on_cpu, pinned):
    monkeypatch.setattr("torch.cuda.is_available", lambda: device == "cpu")
    arguments = sft_config({}, seed=1, folder=tmp_path, device=device)
    assert (arguments.use_cpu, arguments.dataloader_pin_memory) == (on_cpu, pinned)


def test_what_is_decided_cannot_be_declared_otherwise(tmp_path):
    arguments = sft_config({"seed": 5, "packing": True, "max_grad_norm": 2.0}, seed=1, folder=tmp_path)
    assert (arguments.seed, arguments.data_seed, arguments.packing, arguments.max_grad_norm) == (1, 1, False, 2.0)
