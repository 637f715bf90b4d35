"""A cell's model as a folder that others serve: PEFT's adapter or whole weights, with tokenizer and card.

What is written is loaded again as whoever serves it would, by transformers and PEFT alone, and has to answer some of
the items that the cell was scored on as it did then. A folder appears whole and checked, or not at all.
"""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.bundle.agreement import Agreement, compared
from harness.bundle.hub import copy_recorded
from harness.errors import ExportError, LedgerError, RecipeError, SourceError, UsageError
from harness.evaluation import evaluate
from harness.execution.base import load_model, serve, served_dtype
from harness.execution.subject import Trained, trained_state
from harness.ledger import RunFolder
from harness.ledger.artefacts import CARD
from harness.ledger.damage import CellFiles, refuse
from harness.methods import store
from harness.methods.dispatch import method_of
from harness.methods.traits import traits
from harness.records import CellResult
from harness.report.card import by_peft
from harness.report.files import card_of
from harness.sources import models
from harness.spec.records import Experiment
from harness.spec.suggest import nearest
from harness.storage import writing

Form = Literal["adapter", "model"]

ITEMS = 16
"""How many of a cell's scored items are scored again."""
TOLERANCE = 0.02
"""By how much an answer may differ: merging rounds, and so does another batch, by about 1e-4 in float32."""
_CONFIG = "adapter_config.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedModel:
    """A folder that was written: what it holds, bytes by file, and how it answered when it was loaded again."""

    folder: Path
    cell: str
    form: Form
    files: Mapping[str, int]
    agreement: Agreement

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A cell in the form that is asked for; `trained` is None for the base model."""

    run: RunFolder
    outcome: CellResult
    trained: Trained | None
    form: Form
    device: str

    @property
    def experiment(self) -> Experiment:
        return self.run.experiment


def export_model(
    run: RunFolder,
    cell: str,
    out: Path,
    *,
    merged: bool = False,
    items: int = ITEMS,
    tolerance: float = TOLERANCE,
    device: str = "cpu",
) -> ExportedModel:
    """Write the model of a finished cell into `out`, which is not there yet or is empty, and return what it is.

    `cell` is an id, or the part before its hash. `merged` folds an adapter into the base's weights. `items` of the
    first in-domain suite are scored again from the folder, and their answers may differ by `tolerance` (see
    `Agreement`). Raises `UsageError` for what cannot be asked so, `LedgerError` for a cell that holds no model,
    `RecipeError` for a method that cannot be merged, `DamagedError` for files that changed since, and `ExportError`
    where the folder answers otherwise: it is not left behind.
    """
    if items < 1 or not 0 <= tolerance < float("inf"):
        raise UsageError(f"items {items}, tolerance {tolerance}: score at least 1 item again, within 0 or more.")
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(f"{out} is there and is not an empty folder: name another, nothing is written over.")
    outcome = _finished(run, cell)
    asked = _asked(run, outcome, merged=merged, device=device)
    with _appearing(out) as folder:
        _write(asked, folder)
        agreement = _checked(asked, folder, items=items, tolerance=tolerance)
        if not agreement.holds:
            raise ExportError(
                f"{outcome.cell.id} as it would be served is not what was scored: {agreement}. Nothing was written. "
                "Rounding alone (16 bits, a quantized base) may be met by a larger --tolerance; anything else may not."
            )
        (folder / CARD).write_text(card_of(run, outcome, _serving(asked, out, agreement)), encoding="utf-8")
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.stat().st_size for path in found}
    return ExportedModel(folder=out, cell=outcome.cell.id, form=asked.form, files=files, agreement=agreement)


def _finished(run: RunFolder, named: str) -> CellResult:
    found = [each for each in run.cell_ids if named in (each, each.rpartition("--")[0])]
    if len(found) != 1:
        raise UsageError(f"{run.folder} has no cell {named!r}. {nearest(named, run.cell_ids)}")
    outcome = run.outcome(found[0])
    if not isinstance(outcome, CellResult):
        raise LedgerError(f"{found[0]} holds no model: its cell has not finished. `harness ls {run.folder}` says why.")
    return outcome


def _asked(run: RunFolder, outcome: CellResult, *, merged: bool, device: str) -> _Asked:
    cell, elsewhere = outcome.cell, outcome.run_info.existing
    if elsewhere is not None:
        raise UsageError(f"{cell.id} was trained elsewhere, and lies at {elsewhere.source}: serve that.")
    if cell.recipe in {each.name for each in run.experiment.controls}:
        raise UsageError(f"{cell.id} is the base model behind examples: export the base's cell.")
    trained = None if cell.seed is None else trained_state(run, outcome)
    whole = trained is None or traits(trained.recipe).trains_base_weights
    if trained is not None and not whole:
        _refuse_form(trained, merged=merged)
    return _Asked(
        run=run, outcome=outcome, trained=trained, form="model" if merged or whole else "adapter", device=device
    )


def _refuse_form(trained: Trained, *, merged: bool) -> None:
    """Raise `RecipeError` where the method has no such form, before anything is loaded."""
    recipe = trained.recipe
    known = traits(recipe)
    mergeable = all(traits(part.recipe).merges for part in recipe.parts)
    if merged and not mergeable:
        remedy = "Without --merged its adapter is exported." if by_peft(recipe) else _HARNESS_ALONE
        raise RecipeError(f"{recipe.id}: {known.label} cannot be merged into the weights. {remedy}")
    if not merged and not by_peft(recipe):
        remedy = "--merged exports it as whole weights." if mergeable else _HARNESS_ALONE
        raise RecipeError(
            f"{recipe.id}: {known.label} is no single adapter of PEFT's, which alone others load. {remedy}"
        )


_HARNESS_ALONE = "`harness.evaluate` takes the cell's folder; nothing else loads it."


@contextlib.contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """Yield a folder that becomes `out` when the block ends well, and is gone when it does not."""
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        yield folder
        with writing(out):
            folder.chmod(0o755)
            folder.replace(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(asked: _Asked, folder: Path) -> None:
    model, trained = asked.experiment.model, asked.trained
    if trained is not None:
        refuse(asked.run, CellFiles(asked.run, asked.outcome.cell.id).training())
    if trained is not None and asked.form == "adapter":
        copy_recorded(asked.run, asked.outcome.cell.id, sorted(asked.outcome.files), folder)
        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        config |= {"base_model_name_or_path": _named_base(asked), "revision": model.revision}
        (folder / _CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")
        models.tokenizer(model).save_pretrained(folder)
        return
    quantization = trained.recipe.base_quantization if trained else None
    base = load_model(model, quantization=quantization, device=asked.device)
    network = base.model
    if trained is not None:
        adapted = store.load(network, trained.recipe, trained.folder)
        serve(adapted.model, model, asked.device)
        network = method_of(adapted.recipe).merge(adapted)
    network.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)


def _named_base(asked: _Asked) -> str:
    """Return what the adapter says that it was trained on: what anyone finds it by, else the user's own folder."""
    model, loads = asked.experiment.model, _base(asked)  # one that nothing loads is refused
    return model.address if model.source == "pypi" else loads


def _base(asked: _Asked) -> str:
    """Return what loads the base model: its name on the hub, or the folder where it lies on this machine."""
    model = asked.experiment.model
    if model.source == "hub":
        return str(model.id)
    try:
        return str(models.folder(model).resolve())
    except SourceError as error:
        if model.source != "random":
            raise
        raise UsageError(f"an adapter is served with its base, and {error} --merged exports both as one.") from error


def load_exported(folder: Path, form: Form, experiment: Experiment, *, quantization: Any, device: str) -> models.Loaded:
    """Load what was exported as whoever serves it: by transformers and PEFT, with the folder's own tokenizer."""
    if form == "model":
        network = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, trust_remote_code=False).to(device)
    else:
        base = load_model(experiment.model, quantization=quantization, device=device).model
        network = PeftModel.from_pretrained(base, str(folder), autocast_adapter_dtype=False)
    return models.Loaded(network.eval(), AutoTokenizer.from_pretrained(folder, trust_remote_code=False))


def _checked(asked: _Asked, folder: Path, *, items: int, tolerance: float) -> Agreement:
    experiment, suite = asked.experiment, asked.experiment.suites_of("in_domain")[0]
    quantization = asked.trained.recipe.base_quantization if asked.trained else None
    loaded = load_exported(folder, asked.form, experiment, quantization=quantization, device=asked.device)
    own = next(each for each in asked.outcome.evaluations if each.task == suite.task)
    with tempfile.TemporaryDirectory() as scratch:
        again = evaluate(
            loaded.model,
            loaded.tokenizer,
            suite,
            folder=Path(scratch),
            options=experiment.evaluation,
            beside=experiment.file.parent,
            include=experiment.include,
            part=items,
        )
        return compared(
            asked.run.cell_folder(asked.outcome.cell) / own.samples,
            Path(scratch) / again.samples,
            task=suite.task,
            metric=suite.metric,
            tolerance=tolerance,
        )


def _serving(asked: _Asked, out: Path, agreement: Agreement) -> str:
    """Return a section of the card: how the folder is loaded, in what, and how it was checked."""
    model, place = asked.experiment.model, json.dumps(str(out))
    dtype = served_dtype(model, asked.device)
    lines = ["", "## How to load it", "", "```python", "from transformers import AutoModelForCausalLM, AutoTokenizer"]
    if asked.form == "model":
        lines += ["", f"model = AutoModelForCausalLM.from_pretrained({place})"]
    else:
        revision = f", revision={json.dumps(model.revision)}" if model.revision else ""
        load = f"AutoModelForCausalLM.from_pretrained({json.dumps(_base(asked))}{revision}, dtype={json.dumps(dtype)})"
        lines += ["from peft import PeftModel", "", f"base = {load}"]
        lines += [f"model = PeftModel.from_pretrained(base, {place}, autocast_adapter_dtype=False)"]
    lines += [f"tokenizer = AutoTokenizer.from_pretrained({place})", "```", "", f"The base model is {model.address}."]
    quantization = asked.trained.recipe.base_quantization if asked.trained else None
    if quantization is not None and asked.form == "adapter":
        lines += [f"It was quantized: load it with BitsAndBytesConfig(**{json.dumps(dict(quantization))})."]
    chat = "in its chat template" if asked.experiment.evaluation.apply_chat_template else "without a chat template"
    lines += [f"Its prompts were scored {chat}, in {dtype}.", "", f"Loaded again so, {agreement}.", ""]
    return "\n".join(lines)
