"""The tables of harness's own diagnostics: a row a cell with what it took, and why there is nothing to show."""

from types import SimpleNamespace

from harness.codec import encode
from harness.measured import Alike, Likeness, ModuleSpectrum, Spectrum
from harness.records import Cell, Costs, Measurement
from harness.report.document import Document
from harness.report.render.text import WIDTH, TextRenderer
from harness.report.sections.diagnostics import diagnostics_tables
from helpers.records import cell_result, training

MODULE = ModuleSpectrum(module="m", norm=1.0, largest=1.0, effective=12.3456, stable=3.2, share=0.991, intruders=3)
SPECTRUM = Spectrum(of="difference", exact=False, top=16, leading=10, below=0.5, modules=(MODULE,) * 14)
PAIR = Alike(cells=("a", "b"), modules=3, left=0.5, right=0.4, overlap=0.3, by_chance=0.05)


def cell(recipe, details):
    measured = {"spectrum": Measurement(name="spectrum", details=details)}
    return cell_result(
        Cell(id=f"{recipe}--s1--00000000", recipe=recipe, seed=1),
        train_info=training(measurements=measured),
        costs=Costs(seconds={"train": 1.0, "measure spectrum": 12.34}),
    )


def test_a_spectrum_has_a_row_a_cell_with_what_it_took():
    outcomes = [
        cell("aletheia--half-matched", encode(SPECTRUM)),
        cell("prompt--ten", {"reason": "not among options.recipes"}),
    ]
    across = {"spectrum_between_seeds": Measurement(name="x", details=encode(Likeness(pairs=(PAIR,))))}
    tables = tuple(diagnostics_tables(SimpleNamespace(outcomes=outcomes, measurements=across)))
    text = TextRenderer().render(Document(tables))
    (row,) = [line for line in text.splitlines() if line.startswith("aletheia")]
    assert row.split() == ["aletheia--half-matched", "1", "≥", "12.35", "3.20", "99.1%", "42", "12.3"]
    assert "prompt--ten: not among options.recipes" in text
    assert "seeds of a recipe" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_there_are_no_tables_without_a_diagnostic():
    assert list(diagnostics_tables(SimpleNamespace(outcomes=[], measurements={}))) == []
