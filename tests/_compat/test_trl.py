"""What harness leaves out of TRL's trainer."""

from trl import SFTConfig

from harness._compat.trl import on_one_device


def test_a_process_that_sees_several_cards_trains_on_one_and_one_without_any_on_none(tmp_path):
    config = SFTConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False)
    assert config.n_gpu == 0
    assert on_one_device(config).n_gpu == 0
    config._n_gpu = 8
    assert on_one_device(config).n_gpu == 1
    assert config.train_batch_size == config.per_device_train_batch_size
