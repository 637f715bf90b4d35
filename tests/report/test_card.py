"""Model cards: what the hub reads above, and below it what an adapter is, what it scored and whose it is."""

from dataclasses import replace

import yaml

import harness
from harness.ledger.artefacts import artefacts
from harness.ledger.run import STATE
from harness.runs import conclude
from helpers.runs import with_adapters


def card_of(run, cell="lora--tiny--s1"):
    return (run.cell_folder(cell) / STATE / "README.md").read_text(encoding="utf-8")


def metadata_of(card):
    _, head, text = card.split("---\n", 2)
    return yaml.safe_load(head), text


def test_a_report_leaves_a_card_beside_every_adapter(tiny_spec, tmp_path):
    run = with_adapters(tmp_path / "run", tiny_spec)
    harness.report(run.folder)
    metadata, text = metadata_of(card_of(run))
    assert metadata["library_name"] == "peft"
    assert metadata["tags"] == ["harness-gap", "lora"]
    assert "license" not in metadata
    scores = {each["dataset"]["name"]: each["metrics"][0]["value"] for each in metadata["model-index"][0]["results"]}
    (result,) = [each for each in run.outcomes if each.cell.id == "lora--tiny--s1"]
    assert scores == {each.task: each.metrics["acc,none"] for each in result.evaluations}
    assert "# lora--tiny, seed 1, on random-llama" in text
    assert "| trained parameters | 1,234 of 10,000 |" in text
    assert "the training rows of the task sums" in text
    assert "| sums | in-domain | acc,none | " in text
    assert "95% interval over another draw of items" in text
    assert conclude(harness.load_run(run.folder)).verdicts.comparisons[0].sentence in text
    assert "Of the training rows of the task sums: unknown." in text
    assert "PeftModel.from_pretrained(base, " in text
    assert not (run.cell_folder("full--default--s1") / STATE).exists()


def test_a_card_of_several_stages_says_what_trained_in_each(tiny_spec, tmp_path):
    run = with_adapters(tmp_path / "run", tiny_spec)
    for outcome in run.outcomes:
        if outcome.cell.recipe.startswith("lora"):
            first = replace(outcome.training, num_trainable_params=9_000)
            whole = replace(outcome.training, num_trainable_params=10_234, stages=(first, outcome.training))
            run.write_outcome(replace(outcome, train_info=whole))
    harness.report(run.folder)
    assert "| trained parameters | 9,000, then 1,234 of 10,000 |" in card_of(run)


def test_a_card_is_no_part_of_what_was_trained(tiny_spec, tmp_path):
    run = with_adapters(tmp_path / "run", tiny_spec)
    folder = run.cell_folder("lora--tiny--s1")
    before = artefacts(folder, [folder / STATE])
    harness.report(run.folder)
    assert (folder / STATE / "README.md").exists()
    assert artefacts(folder, [folder / STATE]) == before


def test_a_card_that_a_record_holds_is_left_as_it_is(tiny_spec, tmp_path):
    run = with_adapters(tmp_path / "run", tiny_spec, card="the form of an earlier version")
    harness.report(run.folder)
    assert card_of(run) == "the form of an earlier version"
