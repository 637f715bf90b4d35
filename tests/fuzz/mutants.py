"""Mutants of what harness reads: each of a kind and a seed, written into a folder, with the command that reads it.

``PYTHONPATH=tests python -m fuzz --count 10000`` tries as many and writes those that fail to a file, a line each, with
which ``--replay FILE`` tries them again.
"""

import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.declarations.places import shipped
from helpers.logs import arms

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


@dataclass(frozen=True)
class Mutant:
    """What is tried: the words of a command line, whose files lie in the current folder."""

    kind: str
    seed: int
    words: tuple[str, ...]


def written(kind: str, seed: int, folder: Path) -> Mutant:
    """Write the mutant's files into an empty folder; the same kind and seed give the same."""
    rng = random.Random(f"{kind} {seed}")
    return Mutant(kind, seed, KINDS[kind](folder, rng))


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
    full, lora = arms(folder, ("near", "far"), np.random.default_rng(1), items=8, page2="x")
    _spoil(rng.choice(sorted(path for path in folder.rglob("*") if path.is_file())), rng)
    sides = ["--reference", *map(str, full), "--candidate", *map(str, lora)]
    return ("compare", *sides, "--in-domain", "near", "--out-of-domain", "far", "--metric", "acc", "--sesoi", "0.1")


def _run(folder: Path, rng: random.Random) -> tuple[str, ...]:
    shutil.copytree(RUN, folder / "runs" / "one")
    _spoil(rng.choice(sorted(path for path in (folder / "runs").rglob("*.json*") if path.is_file())), rng)
    return rng.choice([("report", "runs/one"), ("ls",), ("ls", "runs/one")])


KINDS = {"spec": _spec, "recipe": _recipe, "task": _task, "words": _words, "logs": _logs, "run": _run}


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


def _mutated(text: str, rng: random.Random) -> bytes:
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
        replaced[json.dumps(mark)] = rng.choice(ODD)
        if not _places(content):
            break
    out = json.dumps(content, indent=1 if "\n" in text else None)
    for mark, odd in replaced.items():
        out = out.replace(mark, odd)
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
