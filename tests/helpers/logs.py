"""Folders as lm_eval writes them, made of numbers."""

import hashlib
import json


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def line(k, score, metric="acc", *, prompt="", kind="none", **document):
    """One sample; `prompt` changes the prompt and not the document."""
    doc = {"question": f"question {k}", **document}
    return {
        "doc_id": k,
        "doc": doc,
        "target": "a",
        "filter": kind,
        "metrics": [metric],
        "doc_hash": digest(f"doc {k}"),
        "prompt_hash": digest(f"prompt {k}{prompt}"),
        "target_hash": digest("a"),
        metric: score,
    }


def write(folder, task, lines, *, time="2026-01-02T03-04-05.678901", results=True, version=1.0, model="model", **extra):
    """Write a sample file in the subfolder of the model, with its results file beside it; return its path."""
    place = folder / model
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"samples_{task}_{time}.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    if results:
        content = {
            "versions": {task: version},
            "n-shot": {task: 0},
            "higher_is_better": {task: {"acc": True}},
            "config": {"batch_size": 8},
        }
        (place / f"results_{time}.json").write_text(json.dumps(content | extra), encoding="utf-8")
    return path


def arms(root, tasks, rng, *, seeds=3, items=60, gaps=None, metric="acc", **document):
    """Write a reference and a candidate with `seeds` folders each; return both lists of folders."""
    folders = {"full": [], "lora": []}
    for arm, s in ((arm, s) for arm in folders for s in range(seeds)):
        folder = root / arm / f"s{s}"
        folders[arm].append(folder)
        for k, task in enumerate(tasks):
            gap = gaps[k] if arm == "lora" and gaps else 0.0
            scores = (rng.random(items) > 0.4 + gap).astype(float)
            lines = [line(i, score, metric, page=f"p{i // 3}", **document) for i, score in enumerate(scores)]
            write(folder, task, list(rng.permutation(lines)))
    return folders["full"], folders["lora"]
