"""The scores of a run's cells in lm-eval's own format, with nothing in them that a verdict does not follow from."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.compare.exported import numbered
from harness.compare.sources.options import MARGIN, TaskFields, option_count, with_margin
from harness.compare.sources.sample_files import SampleFile
from harness.compare.sources.samples import HASHES, samples
from harness.spec.records import Suite

_OF_RESULTS = ("model_name", "results", "versions", "n-shot", "higher_is_better")
_OF_CONFIG = ("model_args", "batch_size", "model_dtype")
_OF_TASK = ("metric_list", "filter_list", "generation_kwargs", "target_delimiter", "doc_to_target")
"""What is read of a results file where scores are compared; the rest is of the machine, or may quote items."""


@dataclass(slots=True)
class SuiteScores:
    """What is written of one task: its `suites` are those that a spec makes of it, `kept_back` whether it has no texts.

    `documents` are its items as they were asked, by the hash of each, with its target: filled as files are read.
    """

    suites: Sequence[Suite]
    kept_back: bool
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    clusters: dict[str, dict[str, str]] = field(default_factory=dict)

    def learn(self, path: Path) -> None:
        """Note a file's documents; labels of clusters become numbers that sort as they do where texts are kept back."""
        fields = {suite.cluster for suite in self.suites if suite.cluster is not None}
        labels: dict[str, set[str]] = {name: set(self.clusters.get(name, ())) for name in fields}
        for _, sample in samples(SampleFile.of(path)):
            document = sample.get("doc")
            if not isinstance(document, dict):
                continue
            for name in fields:
                if document.get(name) is not None:
                    labels[name].add(str(document[name]))
            if not self.kept_back:
                asked = {"doc_id": sample.get("doc_id"), "doc": document, "target": sample.get("target")}
                self.documents.setdefault(sample["doc_hash"], asked)
        self.clusters = {
            name: numbered(found) if self.kept_back else {label: label for label in sorted(found)}
            for name, found in labels.items()
        }

    def lines(self, path: Path) -> Iterator[str]:
        """Yield a sample file's lines anew."""
        file = SampleFile.of(path)
        for number, sample in samples(file):
            yield json.dumps(self._stripped(sample, file, f"{path}:{number}"), ensure_ascii=False)

    def _stripped(self, sample: Mapping[str, Any], file: SampleFile, place: str) -> dict[str, Any]:
        document, given = sample.get("doc"), sample.get("resps", sample.get("filtered_resps"))
        labels = {
            name: known[str(document[name])]
            for name, known in self.clusters.items()
            if isinstance(document, dict) and document.get(name) is not None
        }
        kept: dict[str, Any] = {
            "doc_id": sample.get("doc_id", "?"),
            "doc": labels,
            "filter": sample["filter"],
            "metrics": sample["metrics"],
            **{name: sample[name] for name in HASHES},
        }
        if given:
            kept["resps"] = [hashlib.sha256(json.dumps(given).encode()).hexdigest()[:32]]
        count = option_count(sample)
        if count is not None:
            kept["arguments"] = [["", str(k)] for k in range(count)]
        return {**kept, **self._values(sample, file, place)}

    def _values(self, sample: Mapping[str, Any], file: SampleFile, place: str) -> dict[str, Any]:
        """Return a sample's values by every metric; those that are no numbers may quote texts."""
        if any(suite.metric.partition(",")[0] == MARGIN for suite in self.suites) and MARGIN not in sample:
            declared = file.noted_of_task("configs") or {}
            task = TaskFields(delimiter=declared.get("target_delimiter", ""), target=declared.get("doc_to_target"))
            sample = with_margin(sample, task, place)
        named = {*sample["metrics"], *([MARGIN] if MARGIN in sample else [])}
        values = {name: sample[name] for name in sorted(named) if name in sample}
        return {name: value for name, value in values.items() if isinstance(value, int | float) or not self.kept_back}


def stripped_results(path: Path) -> dict[str, Any]:
    """Return what a sample file's results file says that scores are compared by; nothing where there is none."""
    noted = SampleFile.of(path).noted()
    kept = {name: noted[name] for name in _OF_RESULTS if name in noted}
    config, tasks = noted.get("config"), noted.get("configs")
    if isinstance(config, dict):
        kept["config"] = {name: config[name] for name in _OF_CONFIG if name in config}
    if isinstance(tasks, dict):
        kept["configs"] = {
            task: {name: said[name] for name in _OF_TASK if name in said}
            for task, said in tasks.items()
            if isinstance(said, dict)
        }
    return kept
