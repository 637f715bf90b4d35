"""A cell's model as a folder that others serve: it answers as it was scored, or it is not there."""

import json
import shutil

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

import harness
from harness.api import export_model
from harness.bundle.agreement import compared
from harness.cli import main
from harness.errors import ComparisonError, DamagedError, ExportError, HarnessError, RecipeError, UsageError
from harness.execution.subject import load_cell
from harness.methods.peft import store as peft_store
from harness.report.sections.marks import marks
from harness.sources import cache
from harness.sources.models.pypi import PypiSource
from harness.spec.records import Model
from harness.testing.tiny_spec import CONFIG, write_tiny_spec

PROMPTS = {"peft": {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 4}}
BOTTLENECK = {"bottleneck": {"reduction_factor": 8, "placement": "houlsby"}}


@pytest.fixture(scope="module")
def run(tmp_path_factory, tiny_tokenizer_folder):
    """A run on a base in a folder: full fine-tuning whose weights are kept, a LoRA, and two that cannot be merged."""
    folder = tmp_path_factory.mktemp("exported")
    path = write_tiny_spec(folder, tiny_tokenizer_folder)
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(**CONFIG)).save_pretrained(folder / "base")
    AutoTokenizer.from_pretrained(tiny_tokenizer_folder).save_pretrained(folder / "base")
    for name, recipe in (("prompt--tiny", PROMPTS), ("bottleneck--tiny", BOTTLENECK)):
        (folder / "adapters" / f"{name}.json").write_text(json.dumps(recipe))
    spec = json.loads(path.read_text())
    spec |= {
        "model": {"source": "path", "path": str(folder / "base")},
        "seeds": [1],
        "keep_weights": True,
        "recipes": ["full--default", "lora--tiny", "prompt--tiny", "bottleneck--tiny"],
        "training": {**spec["training"], "learning_rate": 0.05},
    }
    path.write_text(json.dumps(spec))
    done = harness.run(path, out=folder / "runs" / "one")
    assert not done.files.failures
    return done


def logits(model, text="100 + 1 ="):
    ids = torch.tensor([[int(byte) % 250 + 3 for byte in text.encode()]])
    with torch.no_grad():
        return model(input_ids=ids).logits


def scored(run, cell):
    (found,) = [each for each in run.files.cell_ids if each.startswith(cell)]
    return logits(load_cell(run.files.cell_folder(found)).model)


def test_an_adapter_is_served_by_peft_from_the_folder_alone(run, tmp_path):
    made = export_model(run, "lora--tiny--s1", tmp_path / "out")
    assert (made.form, made.agreement.holds, made.agreement.items) == ("adapter", True, 16)
    said = json.loads((made.folder / "adapter_config.json").read_text())
    base = AutoModelForCausalLM.from_pretrained(said["base_model_name_or_path"])
    assert not torch.equal(logits(base), scored(run, "lora--tiny--s1"))
    served = PeftModel.from_pretrained(base, made.folder)
    assert torch.allclose(logits(served), scored(run, "lora--tiny--s1"), atol=1e-6)
    assert AutoTokenizer.from_pretrained(made.folder)("100 + 1 =")
    card = (made.folder / "README.md").read_text()
    assert "PeftModel.from_pretrained(base, " in card
    assert str(made.agreement) in card


@pytest.mark.parametrize(("cell", "merged"), [("lora--tiny--s1", True), ("full--default--s1", False), ("base", False)])
def test_whole_weights_are_served_by_transformers_alone(run, tmp_path, cell, merged):
    made = export_model(run, cell, tmp_path / "out", merged=merged)
    assert made.form == "model"
    assert not (made.folder / "adapter_config.json").exists()
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "README.md"} <= set(
        made.files
    )
    assert torch.allclose(logits(AutoModelForCausalLM.from_pretrained(made.folder)), scored(run, f"{cell}"), atol=1e-5)


def test_a_chat_template_goes_with_it(run, tmp_path):
    base = run.folder.parents[1] / "base"
    template = base / "chat_template.jinja"
    template.write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    try:
        made = export_model(run, "base", tmp_path / "out")
    finally:
        template.unlink()
    assert "chat_template.jinja" in made.files


def test_one_that_answers_otherwise_is_refused_and_nothing_is_left(run, tmp_path, monkeypatch):
    whole = peft_store.merge_adapters

    def drops_the_adapter(adapted):
        for name, weight in adapted.model.named_parameters():
            if "lora_B" in name:
                weight.data.zero_()
        return whole(adapted)

    monkeypatch.setattr("harness.methods.peft.method.merge_adapters", drops_the_adapter)
    with pytest.raises(
        ExportError, match=r"is not what was scored: 16 items of sums differ by at most .* is tolerated"
    ):
        export_model(run, "lora--tiny--s1", tmp_path / "out", merged=True)
    assert not list(tmp_path.iterdir())
    made = export_model(run, "lora--tiny--s1", tmp_path / "out", merged=True, tolerance=1e6)
    assert made.agreement.largest > 0.02


@pytest.mark.parametrize(
    ("cell", "options", "error", "said"),
    [
        ("lora--tyni--s1", {}, UsageError, "Did you mean `lora--tiny--s1"),
        ("prompt--tiny--s1", {"merged": True}, RecipeError, "Without --merged its adapter is exported"),
        ("bottleneck--tiny--s1", {"merged": True}, RecipeError, "nothing else loads it"),
        ("bottleneck--tiny--s1", {}, RecipeError, "no single adapter of PEFT's"),
        ("base", {"items": 0}, UsageError, "at least 1 item"),
        ("base", {"tolerance": float("nan")}, UsageError, "tolerance nan"),
    ],
)
def test_what_cannot_be_exported_is_said_before_anything_is_written(run, tmp_path, cell, options, error, said):
    with pytest.raises(error, match=said):
        export_model(run, cell, tmp_path / "out", **options)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def of_a_wheel(run, tmp_path, monkeypatch):
    """A spec whose base comes from a wheel, which lies in a cache of its own converted already: nothing is fetched."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    pinned = {"package": "tiny-models", "version": "1.0", "member": "models/Tiny.Q4_1.gguf", "sha256": "0" * 64}
    name = PypiSource(Model(source="pypi", **pinned))._name()
    base = run.folder.parents[1] / "base"
    cache.folder("models", name, fill=lambda to: shutil.copytree(base, to, dirs_exist_ok=True))
    spec = json.loads(run.experiment.file.read_text())
    spec["model"] = {"source": "pypi", **pinned}
    spec |= {"name": "of-a-wheel", "recipes": ["lora--tiny", "prompt--tiny"], "evaluation": {"limit": 4}}
    spec["comparison"] |= {"reference": "prompt--tiny", "candidates": ["lora--tiny"]}
    return run.experiment.file.with_name("of-a-wheel.json"), spec


def test_an_adapter_on_a_base_of_a_wheel_names_it_so_that_it_is_known_elsewhere(of_a_wheel, tmp_path):
    path, spec = of_a_wheel
    path.write_text(json.dumps(spec))
    done = harness.run(path, out=tmp_path / "runs" / "one")
    assert not done.files.failures
    made = export_model(done, "lora--tiny--s1", tmp_path / "out", items=4)
    said = json.loads((made.folder / "adapter_config.json").read_text())
    assert said["base_model_name_or_path"] == "pypi:tiny-models==1.0/models/Tiny.Q4_1.gguf"
    assert f'from_pretrained("{tmp_path / "cache"}' in (made.folder / "README.md").read_text()

    spec |= {"name": "beside", "recipes": ["prompt--tiny"], "arms": {"theirs": {"adapters": [str(made.folder)]}}}
    spec["comparison"] |= {"candidates": ["theirs"]}
    path.write_text(json.dumps(spec))
    beside = harness.run(path, out=tmp_path / "runs" / "beside")
    assert not beside.files.failures
    assert [each.text for each in marks(beside.files) if "another base" in each.text] == []


def test_virtual_tokens_are_exported_as_an_adapter(run, tmp_path):
    assert export_model(run, "prompt--tiny--s1", tmp_path / "out").form == "adapter"


def test_nothing_is_written_over(run, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["export", str(run.folder), "base", "--out", str(tmp_path)]) == 64
    assert "not an empty folder" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a CELL"),
        (("base", "--format", "every-eval-ever"), "one of the two"),
        (("--format", "every-eval-ever", "--merged"), "are of a model"),
    ],
)
def test_a_model_or_scores_are_exported_and_not_both(run, tmp_path, capsys, words, said):
    assert main(["export", str(run.folder), *words, "--out", str(tmp_path / "out")]) == 64
    assert said in capsys.readouterr().err


def test_the_command_says_what_it_wrote(run, tmp_path, capsys):
    assert main(["export", str(run.folder), "lora--tiny--s1", "--out", str(tmp_path / "out"), "--items", "4"]) == 0
    out = capsys.readouterr().out
    assert "adapter_model.safetensors\n" in out
    assert "loaded again, 4 items of sums differ by at most" in out


def test_weights_that_were_not_kept_or_that_changed_are_named(tiny_spec, tmp_path):
    done = harness.run(tiny_spec, out=tmp_path / "runs" / "tiny", seeds=[1], limit=4)
    with pytest.raises(
        HarnessError, match=r"--only full--default --seeds 1 --set keep_weights=true` --out ANOTHER|keep_"
    ):
        export_model(done, "full--default--s1", tmp_path / "out")
    with pytest.raises(UsageError, match="--merged exports both as one"):  # a random base lies nowhere
        export_model(done, "lora--tiny--s1", tmp_path / "out")
    (cell,) = [each for each in done.files.cell_ids if each.startswith("lora")]
    file = done.files.cell_folder(cell) / "adapter" / "adapter_model.safetensors"
    save_file({name: tensor + 1 for name, tensor in load_file(file).items()}, file)
    with pytest.raises(DamagedError, match=r"adapter_model\.safetensors"):
        export_model(done, cell, tmp_path / "out", merged=True)
    assert not (tmp_path / "out").exists()


def samples(path, *answers, score=1.0):
    hashes = dict.fromkeys(("doc_hash", "prompt_hash", "target_hash"), "x")
    lines = [
        {"doc_id": k, "doc": {}, **hashes, "doc_hash": str(k), "filter": "none", "metrics": ["acc"]}
        | {"filtered_resps": answer, "acc": score}
        for k, answer in enumerate(answers)
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    return path


def test_answers_are_compared_in_nats_and_generated_ones_by_their_score(tmp_path):
    both = {"task": "t", "metric": "acc", "tolerance": 0.02}
    own = samples(tmp_path / "samples_t_1.jsonl", [["-1.0", "False"], ["-2.0", "True"]], [["-3.0", "False"]])
    other = samples(tmp_path / "samples_t_2.jsonl", [["-1.01", "False"], ["-2.5", "True"]])
    found = compared(own, other, **both)
    assert (found.items, found.largest, found.holds) == (1, pytest.approx(0.5), False)
    with pytest.raises(ComparisonError, match="lacks 1 of the items"):
        compared(other, own, **both)
    said = samples(tmp_path / "samples_t_3.jsonl", ["one"], ["two"])
    again = samples(tmp_path / "samples_t_4.jsonl", ["one"], ["2"])
    found = compared(said, again, **both)
    assert (found.largest, found.texts, found.holds) == (0.0, 1, True)
    assert not compared(said, samples(tmp_path / "samples_t_5.jsonl", ["one"], score=0.5), **both).holds
