"""Training that starts at the lowest trained layer has the losses of training that computes all of them."""

import pytest
import torch

from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Bottleneck, Layers, Model, Recipe
from harness.training import train
from harness.training.packing import packs
from harness.training.prefix import TOKENS, RowsPrefix
from helpers.families import FAMILIES, SHAPE

FIELDS = {"max_steps": 4, "per_device_train_batch_size": 3, "max_length": 64, "learning_rate": 1e-2}
LORA = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_dropout": 0.2, "target_modules": "all-linear"}
BLOCKS = {
    "full": {},
    "lora": {"peft": LORA},
    "bottleneck": {"bottleneck": Bottleneck(placement="houlsby", reduction_factor=8)},
}
LAST = Layers(strategy="last", count=1)


def recipe(name, layers=LAST, **blocks):
    return Recipe(method=name, name="x", layers=layers, **(blocks or BLOCKS[name]))


@pytest.fixture
def rows():
    return [{"prompt": f"Question: {n} + 1\nAnswer:", "completion": f" {n + 1}" + " and more" * n} for n in range(9)]


@pytest.fixture
def trained(tiny_tokenizer_folder, rows, tmp_path):
    def run(
        family, asked, *, reads=True, seed=1, bound=10**8, padding_free=True, change=None, dtype="float32", **fields
    ):
        config = {"model_type": family, **FAMILIES.get(family, SHAPE), "initializer_range": 0.1}
        declared = Model(source="random", config=config, seed=0, dtype=dtype, tokenizer=str(tiny_tokenizer_folder))
        loaded = models.load(declared)
        if change is not None:
            change(loaded.model)
        adapted = adapt(loaded.model, asked, seed=seed)
        prefix = RowsPrefix(adapted, tmp_path / "rows", bound=bound) if reads else None
        return train(
            adapted,
            loaded.tokenizer,
            rows,
            {**FIELDS, **fields},
            seed=seed,
            on_step=lambda *_: None,
            dtype=dtype,
            padding_free=padding_free,
            prefix=prefix,
        )

    return run


def agree(ours, theirs):
    assert ours.losses == pytest.approx(theirs.losses, abs=2e-5)
    assert ours.order == theirs.order
    assert (ours.engine, theirs.engine) == ("padding-free", "padding-free")


@pytest.mark.parametrize("family", ["llama", "qwen2", "gpt_neox", "gemma2", "gemma3_text", "mistral", "phi"])
def test_losses_are_those_of_computing_all_layers(family, trained):
    ours, theirs = (trained(family, recipe("full"), reads=reads) for reads in (True, False))
    assert ours.prefix.notes == ()
    agree(ours, theirs)
    assert (ours.prefix.layers, ours.prefix.read) == ((2,), 5)  # four steps and the check
    assert ours.prefix.kept > 0
    assert ours.prefix.difference < 1e-5
    assert theirs.prefix is None


@pytest.mark.parametrize("name", BLOCKS)
def test_every_family_of_recipe_trains_alike_with_its_own_dropout(name, trained):
    ours, theirs = (trained("llama", recipe(name), reads=reads, max_steps=6) for reads in (True, False))
    assert ours.prefix.notes == ()
    agree(ours, theirs)


def test_gradients_accumulate_and_are_taken_anew_where_memory_is_saved(trained):
    more = {"gradient_accumulation_steps": 2, "gradient_checkpointing": True}
    ours, theirs = (trained("llama", recipe("lora"), reads=reads, **more) for reads in (True, False))
    agree(ours, theirs)
    assert ours.prefix.read == 7  # three batches an epoch in two steps, and the check


def test_in_half_precision_losses_differ_by_its_rounding(trained):
    ours, theirs = (trained("llama", recipe("lora"), reads=reads, dtype="bfloat16") for reads in (True, False))
    assert ours.prefix.notes == ()
    assert ours.prefix.read == 5
    assert ours.losses == pytest.approx(theirs.losses, abs=0.02)


def test_the_next_cell_computes_none_and_no_number_depends_on_who_came_first(trained, tmp_path):
    first = trained("llama", recipe("full"))
    other = trained("llama", recipe("lora"), seed=2)
    assert (first.prefix.kept > 0, other.prefix.kept) == (True, 0)
    for path in (tmp_path / "rows").rglob("*.safetensors"):
        path.unlink()
    again = trained("llama", recipe("lora"), seed=2)
    assert again.prefix.kept == first.prefix.kept
    assert again.losses == other.losses


def test_a_folder_that_takes_nothing_changes_no_number(trained, tmp_path):
    kept = trained("llama", recipe("full"))
    (tmp_path / "rows" / "gone").mkdir()
    for path in sorted((tmp_path / "rows").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "rows").rmdir()
    (tmp_path / "rows").write_text("in the way")
    ours = trained("llama", recipe("full"))
    assert ours.losses == kept.losses
    assert (ours.prefix.read, ours.prefix.kept) == (5, 0)
    assert ours.prefix.notes[0].startswith("nothing is kept for other cells: ")


def test_memory_that_ran_out_in_the_check_is_no_model_whose_layers_cannot_be_passed_over(trained, monkeypatch):
    passing, asked = RowsPrefix.passing, []

    def ran_out_once(prefix, pack):
        asked.append(pack)
        if len(asked) == 1:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 B.")
        return passing(prefix, pack)

    monkeypatch.setattr(RowsPrefix, "passing", ran_out_once)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        trained("llama", recipe("full"))


def test_a_poisoned_pack_is_named_and_computed_anew(trained, tmp_path):
    first = trained("llama", recipe("full"))
    path = next((tmp_path / "rows").rglob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-4] + b"\xff\xff\xff\xff")
    ours = trained("llama", recipe("full"))
    assert ours.losses == first.losses
    assert ours.prefix.notes == (f"not used: {path.parent.name}/{path.name} does not hold what its checksum says",)
    assert ours.prefix.kept == 1


def drops(model):
    for layer in model.model.layers:
        layer.mlp.register_forward_hook(
            lambda module, _given, output: torch.nn.functional.dropout(output, 0.1, training=module.training)
        )


@pytest.mark.parametrize(
    ("family", "asked", "changes", "note"),
    [
        ("llama", recipe("lora", layers=Layers()), {}, "the lowest layer trains, or none"),
        ("llama", recipe("full"), {"change": drops}, "what enters layer 2 differs by "),
        ("gpt2", recipe("full"), {}, "what enters layer 2 differs by "),
        ("llama", recipe("full"), {"neftune_noise_alpha": 5.0}, "what enters layer 2 differs by "),
        ("llama", recipe("full"), {"bound": 1000}, "the rows are "),
        ("llama", recipe("full"), {"padding_free": False}, "batches are padded: "),
        (
            "llama",
            recipe("lora", peft={**LORA, "modules_to_save": ["embed_tokens"]}),
            {},
            "model.embed_tokens.",
        ),
    ],
)
def test_where_it_cannot_be_it_is_said_and_all_layers_are_computed(family, asked, changes, note, trained):
    ours, theirs = (trained(family, asked, reads=reads, **changes) for reads in (True, False))
    assert ours.losses == theirs.losses
    (said,) = ours.prefix.notes
    assert said.startswith(f"not used: {note}")


def test_rows_are_told_apart_in_a_pack_and_one_that_is_new_is_computed(tiny_tokenizer_folder, tmp_path):
    config = {"model_type": "llama", **FAMILIES["llama"]}
    loaded = models.load(Model(source="random", config=config, seed=0, tokenizer=str(tiny_tokenizer_folder)))
    adapted = adapt(loaded.model.eval(), recipe("full"), seed=1)
    prefix = RowsPrefix(adapted, tmp_path / "rows", bound=10**8)
    rows = [[5, 6, 7], [9] * 2, [5, 6, 7], [8] * (TOKENS + 1), [7] * 250, [4] * 9]

    def read(ids, positions):
        with torch.no_grad():
            return adapted.model(input_ids=ids, position_ids=positions, use_cache=False)

    prefix.prepare(rows, read)
    assert prefix.used.kept == 4  # two rows and one twice, a long one, then two that do not fit together
    padded = {
        "input_ids": torch.tensor([[5, 6, 7], [9, 9, 0], [4, 0, 0]]),
        "attention_mask": torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0]]),
        "labels": torch.full((3, 3), -100),
    }
    new, known = packs(padded)[0], packs({name: value[:2] for name, value in padded.items()})[0]
    for pack, reads in ((new, 0), (known, 1)):
        plain = read(pack.ids, pack.positions).logits
        with prefix.passing(pack):
            assert torch.allclose(read(pack.ids, pack.positions).logits, plain, atol=1e-5)
        assert prefix.used.read == reads
