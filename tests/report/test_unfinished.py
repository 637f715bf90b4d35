"""The report of a run that was interrupted says so, and a verdict that cannot be saved is printed all the same."""

import json

from harness.cli import main
from harness.execution.run import Options, execute
from harness.spec import load


class Silent:
    """Watches and says nothing."""

    def __getattr__(self, name):
        return lambda *given: None


def test_it_is_said_and_the_verdict_is_printed_before_it_is_saved(tiny_spec, tmp_path, capsys):
    run = execute(load(tiny_spec), tmp_path / "runs" / "tiny", Silent(), Options())
    assert main(["report", str(run.folder)]) == 0
    assert "not finished" not in capsys.readouterr().out
    assert json.loads((run.folder / "costs.json").read_text())["recipes"][1]["speed_up"]["pairs"] == 2
    last = run.cell_folder(run.cell_ids[-1]) / "result.json"
    last.unlink()
    verdict = run.folder / "verdict.json"
    verdict.unlink()
    verdict.mkdir()
    assert main(["report", str(run.folder)]) == 74
    shown = capsys.readouterr()
    assert "not finished: 1 of 5 cells have not run yet; the same `harness run` continues" in shown.out
    assert "1 of 2" in shown.out
    assert "verdict.json cannot be written (Is a directory). Something else of that name" in shown.err
