"""Write docs/claims.md and docs/claims/decided.json: ``python docs/claims.py``; a test holds them to their sources.

They come from docs/claims/listed.json, the claims as their documents put them with how each is decided, and from
docs/claims/extracts, figures of runs. ``python docs/claims.py RUN`` takes an extract of a run folder or a bundle first.
"""

import json
import math
import re
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from figures_of_runs import extract, meaning, parts

PAGE = Path(__file__).with_suffix(".md")
FOLDER = PAGE.with_suffix("")
RESULTS = PAGE.with_name("results.md")
LISTED, DECIDED, EXTRACTS = FOLDER / "listed.json", FOLDER / "decided.json", FOLDER / "extracts"
_UNBOUNDED = (-math.inf, math.inf)
HOLDS, FAILS, OPEN = "holds", "does not hold", "undecided"

Json = dict[str, Any]


# Arithmetic on a document's own figures.

OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "mean": statistics.fmean,
    "sum": sum,
    "product": math.prod,
    "least": min,
    "most": max,
    "ratio": lambda of: of[0] / of[1],
    "difference": lambda of: of[0] - of[1],
    "root": lambda of: math.sqrt(of[0]),
    "differences": lambda of: [one - other for one, other in zip(*of, strict=True)],
    "ratios": lambda of: [one / other for one, other in zip(*of, strict=True)],
    "share_within": lambda of: sum(of[1] <= each <= of[2] for each in of[0]) / len(of[0]),
}


def value(node: Any) -> Any:
    """Return the number or list that a node comes to: a number, a list of nodes, or an operation on its `of`."""
    if isinstance(node, dict):
        return OPERATIONS[node["op"]](value(node["of"]))
    return [value(each) for each in node] if isinstance(node, list) else node


# Decisions.


def decide(claim: Json, extracts: Mapping[str, Json]) -> Json:
    """Return the claim with what was found and its verdict."""
    how = claim["decide"]
    ways = {"arithmetic": _by_arithmetic, "run": _by_run, "open": lambda *_: {"verdict": OPEN, "found": []}}
    return {**claim, **ways[how["by"]](how, extracts)}


def _by_arithmetic(how: Json, extracts: Mapping[str, Json]) -> Json:
    del extracts
    parts = [(part, value(part["value"])) for part in how["parts"]]
    found = [{"figure": part["figure"], "estimate": round(got, 6), "interval": None} for part, got in parts]
    return {"verdict": HOLDS if all(_within(part, got) for part, got in parts) else FAILS, "found": found}


def _within(part: Json, got: float) -> bool:
    if "rounds_to" in part:
        return math.isclose(_round_half_up(got, part["digits"]), part["rounds_to"], abs_tol=1e-9)
    low, high = part["between"]
    return (low is None or got >= low - 1e-9) and (high is None or got <= high + 1e-9)


def _round_half_up(got: float, digits: int) -> float:
    scale = 10.0**digits
    return math.copysign(math.floor(abs(got) * scale + 0.5 + 1e-9) / scale, got)


def _by_run(how: Json, extracts: Mapping[str, Json]) -> Json:
    """Decide by all intervals of a run that are asked for; a run to be made, or without one, leaves the claim open."""
    source, asked = extracts.get(how["run"]), parts(how)
    figures = [source and source["candidates"].get(each["candidate"], {}).get(each["figure"]) for each in asked]
    if source is None or None in figures:
        return {"verdict": OPEN, "found": []}
    verdicts = [_of_interval(each["between"], figure) for each, figure in zip(asked, figures, strict=True)]
    verdict = FAILS if FAILS in verdicts else OPEN if OPEN in verdicts else HOLDS
    kept = ("run", "command", "model", "machine", "harness", "first_scores", "reference")
    measured = {key: source[key] for key in kept}
    found = [_explained(each["figure"], figure) for each, figure in zip(asked, figures, strict=True)]
    candidates = " and ".join(dict.fromkeys(each["candidate"] for each in asked))
    return {"verdict": verdict, "found": found, "measured": {**measured, "candidate": candidates}}


def _of_interval(between: Sequence[float | None], figure: Json) -> str:
    low, high = (bound if given is None else given for bound, given in zip(_UNBOUNDED, between, strict=True))
    least, most = figure["interval"]
    return HOLDS if low <= least and most <= high else FAILS if most < low or least > high else OPEN


def _explained(name: str, figure: Json) -> Json:
    what, unit = meaning(name)
    return {"figure": what, "unit": unit, **figure}


@cache
def listed() -> Json:
    """Return the claims as they are listed, with what is corrected and where they stand."""
    found: Json = json.loads(LISTED.read_text(encoding="utf-8"))
    return found


def decisions() -> Json:
    """Return the machine-readable twin of the page."""
    extracts = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(EXTRACTS.glob("*.json"))}
    claims = [{"number": place, **decide(claim, extracts)} for place, claim in enumerate(listed()["claims"], start=1)]
    return {"format": 1, "documents": listed()["documents"], "corrections": listed()["corrections"], "claims": claims}


# The page.

HEAD = """# Claims held against measurements

Numeric claims of five documents, each as its document puts it, beside what arithmetic on the document's own figures or
a run made here says. This page and [decided.json](claims/decided.json) are written by `python docs/claims.py` from
[listed.json](claims/listed.json) and the [extracts](claims/extracts/gap.json) of runs; no figure of it is typed.

A claim that arithmetic decides needs no model: its document's tables, or the shapes of the model that it names, say
whether it is right. A claim that a run decides *holds* where the whole interval lies within what is claimed, *does not
hold* where all of it lies outside, and is *undecided* otherwise; a claim of several parts holds where each does, and
does not where one does not. What is made of scores is the comparator's contrast of them, over new seeds and new items;
times, ranks and memory have Student's interval over seeds. A claim is decided for the model and the data of that run
and for no other: the documents speak of larger ones. Of an undecided claim it is said what
would decide it; some name a run that is still to be made, so that how they are decided is fixed before it.
`python docs/claims.py RUN` takes the extract of a finished run folder or bundle, and decides what it can.
"""


def page(decided: Json) -> str:
    """Return the page's text."""
    return "\n".join([HEAD, *_counts(decided), *_sections(decided), *_corrections(decided)])


def _counts(decided: Json) -> Iterator[str]:
    yield "| document | claims | holds | does not hold | undecided |\n|---|---|---|---|---|"
    for key, document in decided["documents"].items():
        yield _count(f"{document['title']}", [each for each in decided["claims"] if each["document"] == key])
    yield _count("all", decided["claims"]) + "\n"


def _count(name: str, claims: Sequence[Json]) -> str:
    numbers = (sum(each["verdict"] == verdict for each in claims) for verdict in (HOLDS, FAILS, OPEN))
    return f"| {name} | {len(claims)} | {' | '.join(map(str, numbers))} |"


def _sections(decided: Json) -> Iterator[str]:
    for key, document in decided["documents"].items():
        yield f"## {document['title']}\n\n{document['source']}\n"
        for claim in decided["claims"]:
            if claim["document"] == key:
                yield _claim(claim)


def _claim(claim: Json) -> str:
    lines = [
        f"### {claim['number']}. {claim['name']}: {claim['verdict']}\n",
        f"> {claim['claim']}\n\n({claim['section']})\n",
        f"- Protocol: {claim['protocol']}",
        *(f"- Found: {_found(each)}" for each in claim["found"]),
        *_measured(claim),
        *([f"- Remark: {claim['remark']}"] if "remark" in claim else []),
        *_open(claim),
    ]
    return "\n".join(lines) + "\n"


def _found(each: Json) -> str:
    unit = f" {each['unit']}" if each.get("unit") else ""
    if each["interval"] is None:
        return f"{each['figure']}: {each['estimate']:.6g}{unit}"
    low, high = each["interval"]
    return f"{each['figure']}: {each['estimate']:.4g}{unit} ({low:.4g} to {high:.4g} over {each['over']})"


def _measured(claim: Json) -> Iterator[str]:
    if "measured" in claim:
        of = claim["measured"]
        day = of["first_scores"].split("T")[0]
        yield (
            f"- Measured: `{of['command']}`, {day}, {of['model']}, {of['machine']}, harness {of['harness']}; "
            f"{of['candidate']} against {of['reference']}{_section_of(of['run'])}"
        )
        if _was_listed_after(claim["listed"], of["first_scores"]):
            yield "- The run was made before the claim was listed here."


def _section_of(run: str) -> str:
    """Return the link to what else a run found, with its commit and processor; nothing where there is no section."""
    for heading in _headings():
        if f"`harness run {run}`" in heading:
            slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            return f"; commit and processor in [its section](results.md#{slug})"
    return ""


@cache
def _headings() -> tuple[str, ...]:
    return tuple(re.findall(r"^## (.+)$", RESULTS.read_text(encoding="utf-8"), re.MULTILINE))


def _was_listed_after(listed: str, first_scores: str) -> bool:
    """Tell whether a claim may have been listed when scores were there: by the minute, or by the day."""
    return listed >= first_scores[: len(listed)]


def _open(claim: Json) -> Iterator[str]:
    if claim["verdict"] == OPEN:
        would = claim["decide"]["would"]
        yield f"- What would decide it: {would['what']}" + (f" (`{would['command']}`)" if would.get("command") else "")


def _corrections(decided: Json) -> Iterator[str]:
    yield "## Corrections\n"
    yield "\n".join(f"- {each['date']}: {each['text']}" for each in decided["corrections"]) or "None yet.\n"


def as_json(content: Json) -> str:
    """Return a file's text."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        taken = extract(Path(argument), listed()["claims"])
        (EXTRACTS / f"{taken['run']}.json").write_text(as_json(taken), encoding="utf-8")
    DECIDED.write_text(as_json(decisions()), encoding="utf-8")
    PAGE.write_text(page(decisions()), encoding="utf-8")
