"""What goes into a bundle: a run folder with its scores, its verdict anew, and the checksum of every file."""

import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import __version__
from harness.bundle.archive import pack
from harness.bundle.scores import SuiteScores, stripped_results
from harness.bundle.verify import CHECKSUMS, FORMAT, MANIFEST, as_json, conclusions, verify
from harness.compare.exported import kept_back_of
from harness.compare.sources.sample_files import SampleFile
from harness.errors import BundleError
from harness.ledger import RunFolder
from harness.ledger.artefacts import sealed
from harness.ledger.lock import LOCK
from harness.ledger.outcomes import Outcome, to_json
from harness.ledger.run import JUDGED, MEASUREMENTS, OUTCOME
from harness.records import CellFailure, CellResult
from harness.storage import writing
from harness.trained import Artefact

README = """The run {name}, bundled by harness {version}: what it was made from (spec.lock.json), how each cell ended
(cells/*/result.json), the score of every item in every cell (cells/*/eval, in the format of lm-eval's sample logs),
the items (items/), the verdict that follows (verdict.json), costs, the report, and the checksum of every file.

    harness verify THIS_FILE

judges the scores anew and says whether verdict.json is the same to the byte; harness without its extras is enough.
{licences}"""


def make(
    run: RunFolder, path: Path, reports: Mapping[str, str], *, include_items: Collection[str] = ()
) -> Mapping[str, str]:
    """Write a run's bundle to `path`; return the suites whose items a licence keeps back, with the licence.

    `reports` are the run's by the names of their files. Items of suites that are named in `include_items` are in it
    whatever their licence says. The same run gives the same bytes. Raises `BundleError` where what was packed does not
    give the same verdict: nothing is written then.
    """
    experiment = run.experiment
    tasks = {suite.task for suite in experiment.suites}
    licences = kept_back_of(run)
    unknown = sorted(set(include_items) - tasks)
    if unknown:
        raise BundleError(f"{run.folder} has no suite {', '.join(unknown)}: it has {', '.join(sorted(tasks))}.")
    withheld = {task: licence for task, licence in licences.items() if task not in include_items}
    files = dict(_files(run, withheld, reports))
    sums = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    files[CHECKSUMS] = "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode()
    packed = pack({name: files[name] for name in sorted(files, key=_place)})
    _check(packed, run, withheld)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed)
    return withheld


def _place(name: str) -> tuple[bool, str, str]:
    """Return where a file stands: small ones first, then a suite's scores of all cells side by side, to pack well."""
    is_scores = name.endswith(".jsonl") and name.startswith("cells/")
    return (is_scores, name.rpartition("/")[2] if is_scores else name, name)


def _check(packed: bytes, run: RunFolder, withheld: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "bundle"
        file.write_bytes(packed)
        found = verify(file)
    if not found.same:
        suites = ", ".join(withheld)
        texts = f" Scores of {suites} may need the texts that their licences keep back." if withheld else ""
        raise BundleError(f"{run.folder} cannot be bundled: {'; '.join(found.differences[:3])}.{texts}")


def _files(run: RunFolder, withheld: Mapping[str, str], reports: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    experiment = run.experiment
    licences = [f"Items of {task} are left out: {licence}." for task, licence in withheld.items()]
    said = README.format(name=experiment.name, version=__version__, licences="\n".join(licences))
    yield "README.txt", said.strip().encode() + b"\n"
    yield MANIFEST, as_json({"format": FORMAT, "harness": __version__, "run": experiment.name, "kept_back": withheld})
    yield LOCK, (run.folder / LOCK).read_bytes()
    for name, content in conclusions(run).items():
        yield name, as_json(content)
    yield "journal.jsonl", _judgements(run)
    if (run.folder / MEASUREMENTS).is_file():
        yield MEASUREMENTS, (run.folder / MEASUREMENTS).read_bytes()
    for name, text in reports.items():
        yield name, text.encode()
    scores = dict(_scores(run, withheld))
    yield from scores.items()
    for outcome in run.outcomes:
        yield f"cells/{outcome.cell.id}/{OUTCOME}", _record(run, outcome, scores)


def _record(run: RunFolder, outcome: Outcome, scores: Mapping[str, bytes]) -> bytes:
    """Return a cell's record with the checksums of the scores as they are packed, where it has any, and its seal."""
    if isinstance(outcome, CellFailure) or not any(each.files for each in outcome.evaluations):
        return (run.cell_folder(outcome.cell) / OUTCOME).read_bytes()
    evaluations = []
    for each in outcome.evaluations:
        packed = {name: scores.get(f"cells/{outcome.cell.id}/{name}") for name in each.files}
        files = {
            name: Artefact(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
            for name, content in packed.items()
            if content is not None
        }
        evaluations.append(replace(each, files=files))
    return as_json(sealed(to_json(replace(outcome, evaluations=tuple(evaluations)))))


def _scores(run: RunFolder, withheld: Collection[str]) -> Iterator[tuple[str, bytes]]:
    suites: dict[str, list[Any]] = defaultdict(list)
    for suite in run.experiment.suites:
        suites[suite.task].append(suite)
    for task, declared in suites.items():
        scores = SuiteScores(suites=declared, kept_back=task in withheld)
        files = list(_sample_files(run.outcomes, run, task))
        for _, path in files:
            scores.learn(path)
        for name, path in files:
            yield name, "".join(f"{line}\n" for line in scores.lines(path)).encode()
            results = SampleFile.of(path).results
            if results is not None:
                yield f"{name.rpartition('/')[0]}/{results.name}", as_json(stripped_results(path))
        if scores.documents:
            items = [{"doc_hash": key, **scores.documents[key]} for key in sorted(scores.documents)]
            yield f"items/{task}.jsonl", "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in items).encode()


def _sample_files(outcomes: Collection[Outcome], run: RunFolder, task: str) -> Iterator[tuple[str, Path]]:
    for outcome in outcomes:
        if isinstance(outcome, CellResult):
            for each in outcome.evaluations:
                if each.task == task:
                    name = f"cells/{outcome.cell.id}/{each.samples}"
                    yield name, run.cell_folder(outcome.cell) / each.samples


def _judgements(run: RunFolder) -> bytes:
    """Return the journal's judgements without their times: one that was not declared is told of ever after."""
    events = [{**event, "time": 0} for event in run.journal.events() if event.get("event") == JUDGED]
    return "".join(json.dumps(event, sort_keys=True) + "\n" for event in events).encode()
