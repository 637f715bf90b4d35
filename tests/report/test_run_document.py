"""What a run ends with: its verdict first, where its files are last, nothing wider than a narrow terminal."""

import harness
from harness.report.render.text import WIDTH
from helpers.runs import scored_run


def test_the_verdict_comes_first_the_files_last_and_every_line_fits(tiny_spec, tmp_path):
    run = scored_run(tmp_path / "run", tiny_spec, items=60)
    adapters = [cell for cell in run.cell_ids if cell.startswith("lora")]
    for cell in adapters:
        (run.cell_folder(cell) / "adapter").mkdir()
    text = harness.report(harness.load_run(run.folder))
    assert text.index("lora--tiny, sums → sums_far: ") < text.index("Scores: mean")
    last = " ".join(text.split("\n\n")[-1].split())
    assert f"{run.folder}/verdict.json has the verdicts and costs.json the costs" in last
    assert last.endswith(f"adapters are in {run.folder}/cells/CELL/adapter, such as {adapters[0]}.")
    assert all(len(line) <= WIDTH for line in text.splitlines() if str(run.folder) not in line)
