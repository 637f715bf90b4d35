"""Mutants of what harness reads: each of a kind and a seed, written into a folder, with the command that reads it.

``PYTHONPATH=tests python -m fuzz --count 10000`` tries as many and writes those that fail to a file, a line each, with
which ``--replay FILE`` tries them again.
"""

import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.declarations.places import shipped
from harness.testing.tiny import write_tiny_tokenizer
from harness.testing.tiny_spec import write_tiny_spec
from helpers.logs import arms

CONFIG = {
    "alora_invocation_tokens": None,
    "alpha_pattern": {},
    "auto_mapping": None,
    "base_model_name_or_path": "someone/model",
    "bias": "none",
    "corda_config": None,
    "eva_config": None,
    "exclude_modules": None,
    "fan_in_fan_out": False,
    "inference_mode": True,
    "init_lora_weights": True,
    "layer_replication": None,
    "layers_pattern": None,
    "layers_to_transform": [1],
    "loftq_config": {},
    "lora_alpha": 16,
    "lora_dropout": 0.1,
    "megatron_config": None,
    "modules_to_save": None,
    "peft_type": "LORA",
    "r": 2,
    "rank_pattern": {},
    "revision": None,
    "target_modules": ["v_proj", "q_proj"],
    "task_type": "CAUSAL_LM",
    "trainable_token_indices": None,
    "use_dora": False,
    "use_rslora": False,
}
"""An ``adapter_config.json`` as PEFT saves it with an adapter."""
RUN = Path(__file__).parents[1] / "ledger" / "fixtures" / "run-of-version-1"

DEEP = "[" * 100_000
HUGE = "9" * 400
ODD = (
    *(
        "null",
        "true",
        "-1",
        "0",
        "1e308",
        "1e999",
        HUGE,
        "9" * 5000,
        "NaN",
        "-0.0",
        "0.1",
        "[]",
        "{}",
        "[[[]]]",
        "[null]",
    ),
    *(
        '""',
        '"\\u0000"',
        '"\\ud800"',
        f'"{"x" * 300}"',
        '"../../x"',
        '"/dev/zero"',
        '"/"',
        '"."',
        '"[/b]"',
        '"a\\u202eb"',
    ),
    *(
        '"\\u001b[2J"',
        '{"a": null}',
        '{"": []}',
        '"1"',
        '"--report=x"',
        '[{"a": [1]}]',
        '"a/b"',
        '"\\n"',
        "[" * 60 + "]" * 60,
    ),
)
"""Texts of JSON, and of YAML, that take the place of a value."""
WORDS = (
    "x=" + "[" * 5000,
    "seeds=" + HUGE,
    "x",
    "=",
    "a.b.c=1",
    "suites[9]=1",
    "model.path=\x00",
    "name=\ud800",
    "name=" + "n" * 300,
)
YAML = (
    "2026-01-01",
    "!!binary aGk=",
    "!function a.b",
    "&a [*a]",
    "!!set {a, b}",
    "!!python/name:os.system",
    "0o17",
    "~",
    "1:30",
)


SMALL = tuple(odd for odd in ODD if not odd.startswith("99"))
"""Those that ask for no work without end."""


@dataclass(frozen=True)
class Mutant:
    """What is tried: the words of a command line, whose files lie in the current folder.

    Where there is a `change`, a file and what it is to hold, a score is another by it: the words are tried before and
    after, and the second must be refused or print something else.
    """

    kind: str
    seed: int
    words: tuple[str, ...]
    change: tuple[Path, str] | None = None


def written(kind: str, seed: int, folder: Path) -> Mutant:
    """Write the mutant's files into an empty folder; the same kind and seed give the same."""
    rng = random.Random(f"{kind} {seed}")
    words = (KINDS | HEAVY)[kind](folder, rng)
    return Mutant(kind, seed, words, _changed_score(folder, rng) if kind == "score" else None)


def _spec(folder: Path, rng: random.Random) -> tuple[str, ...]:
    source = rng.choice(sorted(shipped("specs").glob("*.json")))
    (folder / "mine.json").write_bytes(_mutated(source.read_text("utf-8"), rng))
    return ("validate", "mine.json")


def _recipe(folder: Path, rng: random.Random) -> tuple[str, ...]:
    source = rng.choice(sorted(shipped("adapters").glob("*.json")))
    (folder / "lora--mine.json").write_bytes(_mutated(source.read_text("utf-8"), rng))
    return ("validate", "lora--mine.json")


def _task(folder: Path, rng: random.Random) -> tuple[str, ...]:
    source = rng.choice(sorted(shipped("tasks").glob("*/*.yaml")))
    lines = source.read_text("utf-8").splitlines(keepends=True)
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(lines))
        key, colon, _ = lines[at].partition(":")
        if colon and rng.random() < 0.7:
            lines[at] = f"{key}: {rng.choice(ODD + YAML)}\n"
        else:
            lines.insert(
                at,
                rng.choice(["include: mine.yaml\n", "\t\n", "- a\n", lines[at], "filter_list: null\n", "metadata:\n"]),
            )
    (folder / "tasks").mkdir()
    (folder / "tasks" / "mine.yaml").write_bytes(_bytes("".join(lines), rng))
    task = source.stem
    suites = [{"task": task, "role": "in_domain", "metric": rng.choice(["acc", "answer_margin", "x,y"])}]
    (folder / "mine.json").write_text(json.dumps({"extends": "gap", "suites": suites}), "utf-8")
    return rng.choice([("tasks",), ("tasks", "--json"), ("validate", "mine.json")])


def _words(folder: Path, rng: random.Random) -> tuple[str, ...]:
    del folder
    odd = [
        *WORDS,
        *(f"{path}={value}" for path in ("seeds", "training.max_steps", "name", "suites[0]") for value in ODD),
    ]
    return ("validate", "quick", *(word for _ in range(rng.randint(1, 3)) for word in ("--set", rng.choice(odd))))


def _logs(folder: Path, rng: random.Random) -> tuple[str, ...]:
    words = _score(folder, rng)
    _spoil(rng.choice(sorted(path for path in folder.rglob("*") if path.is_file())), rng)
    return words


def _score(folder: Path, rng: random.Random) -> tuple[str, ...]:
    del rng
    full, lora = arms(folder, ("near", "far"), np.random.default_rng(1), items=8, page2="x")
    sides = ["--reference", *map(str, full), "--candidate", *map(str, lora)]
    return ("compare", *sides, "--in-domain", "near", "--out-of-domain", "far", "--metric", "acc", "--sesoi", "0.1")


def _run(folder: Path, rng: random.Random) -> tuple[str, ...]:
    shutil.copytree(RUN, folder / "runs" / "one")
    _spoil(rng.choice(sorted(path for path in (folder / "runs").rglob("*.json*") if path.is_file())), rng)
    return rng.choice([("report", "runs/one"), ("ls",), ("ls", "runs/one"), ("doctor", "runs/one")])


def _changed_score(folder: Path, rng: random.Random) -> tuple[Path, str]:
    """Return a sample file with another score in a line, as far from the first as a report shows."""
    path = rng.choice(sorted(folder.rglob("samples_*.jsonl")))
    lines = path.read_text("utf-8").splitlines()
    at = rng.randrange(len(lines))
    line = json.loads(lines[at])
    new = [each for each in (0.0, 0.1, 0.5, 0.9, 1.0, -1.0, 17.0) if each != line["acc"]]
    lines[at] = json.dumps(
        {**line, "acc": rng.choice([*new, str(1 - line["acc"]), None, float("nan"), [1 - line["acc"]]])}
    )
    return path, "\n".join(lines) + "\n"


def _config(folder: Path, rng: random.Random) -> tuple[str, ...]:
    config = _mutated(json.dumps(CONFIG), rng)
    if rng.random() < 0.3:
        (folder / "adapter_config.json").write_bytes(config)
        return ("validate", "adapter_config.json")
    (folder / "lora--theirs.json").write_bytes(b'{"description": "theirs", "peft": ' + config + b"}")
    return ("validate", "lora--theirs.json")


def _experiment(folder: Path, rng: random.Random) -> str:
    """Write a stand-in experiment that trains in a second, with something else in its spec or in its recipe."""
    spec = write_tiny_spec(folder, write_tiny_tokenizer(folder / "tokenizer"))
    recipe = folder / "adapters" / "lora--tiny.json"
    if rng.random() < 0.5:
        recipe.write_text(
            json.dumps(json.loads(recipe.read_text("utf-8")) | {"peft": CONFIG | {"layers_to_transform": None}})
        )
    changed = rng.choice([spec, recipe])
    changed.write_bytes(_mutated(changed.read_text("utf-8"), rng, SMALL))
    return spec.name


def _plan(folder: Path, rng: random.Random) -> tuple[str, ...]:
    return ("plan", _experiment(folder, rng))


def _started(folder: Path, rng: random.Random) -> tuple[str, ...]:
    return ("run", _experiment(folder, rng), "--seeds", "1", "--out", str(folder / "out"))


KINDS = {
    "spec": _spec,
    "recipe": _recipe,
    "config": _config,
    "task": _task,
    "words": _words,
    "logs": _logs,
    "score": _score,
    "run": _run,
}
HEAVY = {"plan": _plan, "started": _started}
"""Kinds whose mutants train or measure where nothing is wrong with them: one for every fifty of each of KINDS."""
SHARE = 50


def _spoil(path: Path, rng: random.Random) -> None:
    """Mutate one file, of JSON lines one line."""
    text = path.read_text("utf-8")
    if path.suffix == ".jsonl" and rng.random() < 0.8:
        lines = text.splitlines()
        at = rng.randrange(len(lines))
        lines[at : at + 1] = rng.choice([[lines[at]] * 2, [], [_mutated(lines[at], rng).decode("utf-8", "replace")]])
        path.write_text("\n".join(lines), "utf-8")
    else:
        path.write_bytes(_bytes(text, rng) if path.suffix == ".jsonl" else _mutated(text, rng))


def _mutated(text: str, rng: random.Random, odd: Sequence[str] = ODD) -> bytes:
    """Return a text of JSON with some values replaced, or with some bytes spoilt."""
    if rng.random() < 0.15:
        return _bytes(text, rng)
    if rng.random() < 0.05:
        return rng.choice(["[]", "null", "1", DEEP, "{}", "", HUGE, '{"a":' * 100_000, '"x"']).encode()
    content = json.loads(text)
    replaced = {}
    for _ in range(rng.randint(1, 3)):
        holder, key = rng.choice(_places(content))
        mark = f"@{len(replaced)}@"
        if isinstance(holder, dict) and rng.random() < 0.2:
            holder[rng.choice(["", "extends", "\x1b[2J", "x" * 300, "include", "name"])] = mark
        elif rng.random() < 0.1:
            del holder[key]
            continue
        else:
            holder[key] = mark
        replaced[json.dumps(mark)] = rng.choice(odd)
        if not _places(content):
            break
    out = json.dumps(content, indent=1 if "\n" in text else None)
    for mark, value in replaced.items():
        out = out.replace(mark, value)
    return out.encode("utf-8", "surrogatepass")


def _places(value: object) -> list[tuple[object, object]]:
    found: list[tuple[object, object]] = []
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            found += [(value, key), *_places(each)]
    return found


def _bytes(text: str, rng: random.Random) -> bytes:
    """Return a text's bytes, most often as they are in the middle of a word."""
    content = bytearray(text.encode())
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(content) or 1)
        match rng.randrange(4):
            case 0:
                del content[at:]
            case 1:
                content[at:at] = rng.choice([b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\x1b[2J", b"}", b"[", b'"'])
            case 2:
                del content[at : at + 1]
            case _:
                content[at:at] = content[at : at + 40]
    return bytes(content)
