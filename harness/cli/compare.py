"""``harness compare``: verdicts from a finished run, from anyone's lm-eval sample logs, or from a table of scores."""

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import api
from harness.cli.gate import add_gate_options, checked_rules, print_one_run, print_ruling
from harness.cli.inputs import add_input_options, asks_for_inputs, print_inputs
from harness.cli.summary import write_one_run, write_summary
from harness.errors import ComparisonError, UsageError
from harness.runs import Run, conclude

if TYPE_CHECKING:
    from harness.compare.design import Design
    from harness.verdict import Verdicts
    from harness.verdict.ruling import Ruling

_OF_LOGS: dict[str, object] = {
    **dict.fromkeys(("reference", "candidate", "base", "names", "metric", "guard_metric", "lower"), None),
    **dict.fromkeys(("sesoi", "guard_sesoi", "retention", "alpha", "seed_sd", "seed_df"), None),
    **dict.fromkeys(("fixed_items", "pool_seed_variance", "all"), False),
    "require_gain": True,
    **{name: [] for name in ("in_domain", "out_of_domain", "guard")},
    "cluster": "cluster",
    "duplicates": None,
    "identical_runs": "refuse",
}
"""The options that a run folder's own spec answers, with what they are where they are not given."""

_OPTION = {"lower": "--lower-is-better or --higher-is-better", "require_gain": "--no-require-gain"}

DEFAULT_RETENTION = 0.5
DEFAULT_ALPHA = 0.05


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN_OR_TABLE",
        help="a run folder written by harness run, a bundle of one, or a table of scores (.csv, .jsonl or .parquet)",
    )
    logs = parser.add_argument_group(
        "lm-eval logs instead of a run folder (DIR: one folder a seed, in the same order), or a table's arms (NAME)"
    )
    _add_arms(logs)
    _add_suites(logs)
    _add_judging(logs)
    add_gate_options(parser)
    add_input_options(parser)
    parser.add_argument("--json", action="store_true", help="print the content of verdict.json, or what inputs came to")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the page of the comparison there too")
    parser.add_argument(
        "--summary", type=Path, metavar="FILE", help="write what fits a pull request there, in Markdown"
    )
    parser.add_argument("--details", action="store_true", help="print every condition with its p-value")


def _add_arms(logs: "argparse._ArgumentGroup") -> None:
    """Add what is compared with what."""
    logs.add_argument("--reference", nargs="+", metavar="DIR|NAME")
    logs.add_argument(
        "--candidate",
        nargs="+",
        action="append",
        metavar="DIR|NAME",
        help="repeatable; of a table, without it, every other arm",
    )
    logs.add_argument(
        "--base",
        metavar="DIR|NAME",
        help="the untuned model, for guards and the reference's gain; of a table, without it, the arm base",
    )
    logs.add_argument(
        "--no-require-gain",
        dest="require_gain",
        action="store_false",
        help="verdicts even where the reference is not shown to have learned anything in-domain",
    )
    logs.add_argument("--names", nargs="+", metavar="NAME", help="of logs: names of the reference and each candidate")


def _add_suites(logs: "argparse._ArgumentGroup") -> None:
    """Add what they are compared on, and by which scores."""
    logs.add_argument("--in-domain", nargs="+", default=[], metavar="TASK")
    logs.add_argument("--out-of-domain", nargs="+", default=[], metavar="TASK")
    logs.add_argument("--guard", nargs="+", default=[], metavar="TASK", help="tasks that must not be forgotten")
    logs.add_argument(
        "--metric",
        metavar="NAME",
        help="a field of the samples, e.g. acc or exact_match,strict-match; of a table, without it, its one",
    )
    logs.add_argument("--guard-metric", metavar="NAME", help="metric of the guards (default: --metric)")
    direction = logs.add_mutually_exclusive_group()
    direction.add_argument("--lower-is-better", dest="lower", action="store_true", default=None)
    direction.add_argument("--higher-is-better", dest="lower", action="store_false", default=None)
    logs.add_argument("--cluster", default="cluster", metavar="FIELD", help="document field or column, or none")
    logs.add_argument("--fixed-items", action="store_true", help="the items are the whole population")


def _add_judging(logs: "argparse._ArgumentGroup") -> None:
    """Add what counts as an effect, how sure one has to be, and what of the scores is not taken as it is."""
    logs.add_argument("--sesoi", type=float, help="smallest effect of interest, in the metric's unit (shares: 0.02)")
    logs.add_argument("--guard-sesoi", type=float, help="that of the guards (default: --sesoi)")
    logs.add_argument("--retention", type=float, help=f"share of the gap that must be left ({DEFAULT_RETENTION})")
    logs.add_argument("--alpha", type=float, help=f"two-sided error rate over all comparisons ({DEFAULT_ALPHA})")
    logs.add_argument("--pool-seed-variance", action="store_true", help=argparse.SUPPRESS)
    logs.add_argument("--seed-sd", type=float, help="SD between seeds from earlier work, which lets one seed be judged")
    logs.add_argument("--seed-df", type=float, help="its degrees of freedom")
    logs.add_argument(
        "--duplicates", choices=("once", "refuse"), help="items that a file repeats (once; rows of a table: refuse)"
    )
    logs.add_argument(
        "--identical-runs", choices=("refuse", "allow"), default="refuse", help="runs that answer all items alike"
    )
    logs.add_argument("--all", action="store_true", help="refuse folders with several sample files of a task")


def run(args: argparse.Namespace) -> int:
    """Print the verdicts; under ``--gate`` exit with its ruling."""
    if asks_for_inputs(args, _beside_inputs(args)):
        return print_inputs(args)
    rules = checked_rules(args.gate)
    with _opened(args) as judged:
        if args.baseline or args.scope == "checkpoint" or args.recipe:
            from harness.verdict.one_run import judge_one_run

            if args.html is not None:
                raise UsageError("--html: checkpoints and a run beside a baseline have no page; leave it out.")
            found = judge_one_run(_one_run(args, judged), rules, args.scope)
            if args.summary is not None:
                write_one_run(args.summary, found)
            return print_one_run(found, as_json=args.json)
        return _printed(args, rules, judged)


def _printed(args: argparse.Namespace, rules: Sequence[str], judged: Run | None) -> int:
    from harness.verdict import judge

    design: Design | None = None
    if judged:
        verdicts = judged.verdicts
    else:
        design = api.compared(*_table(args), **_asked(args))
        verdicts = judge(design)
    if args.json:
        print(json.dumps(verdicts.to_json(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        from harness.report.documents import verdicts_document
        from harness.report.render.text import TextRenderer

        decision, costs = (judged.decision, judged.costs) if judged else (None, None)
        document = verdicts_document(verdicts, details=args.details, decision=decision, costs=costs)
        print(TextRenderer().render(document))
    if args.html is not None:
        _write_page(args.html, verdicts, judged)
    left_out = ", ".join(dict.fromkeys(each.task for each in verdicts.not_compared))
    if left_out:
        print(f"harness: {left_out} cannot be compared; what can be is judged", file=sys.stderr)
    ruling = None if args.gate is None else _ruling(rules, judged, verdicts, design)
    if args.summary is not None:
        write_summary(args.summary, verdicts, judged.decision if judged else None, ruling, page=args.html)
    if ruling is None:
        return ComparisonError.exit_code if left_out else 0
    return print_ruling(ruling, aside=args.json)


def _ruling(rules: Sequence[str], judged: Run | None, verdicts: "Verdicts", design: "Design | None") -> "Ruling":
    from harness.verdict.gate import gate

    declared = judged.experiment.comparison.gate if judged else {}
    return gate(verdicts, {"rules": rules} if rules else declared, design or api.compared(judged))


def _write_page(file: Path, verdicts: "Verdicts", judged: Run | None) -> None:
    """Write a run's whole page, or that of what follows from scores alone."""
    from harness.report.files import render_page, write_report
    from harness.report.pages import comparison_page

    page = comparison_page(verdicts, file.stem) if judged is None else conclude(judged).page
    write_report(file, render_page(page))


def _table(args: argparse.Namespace) -> tuple[Path, ...]:
    """Return the table of scores, where one was given."""
    return () if args.run is None else (args.run,)


@contextlib.contextmanager
def _opened(args: argparse.Namespace) -> Iterator[Run | None]:
    """Give the run that is to be judged, None where it is logs or a table."""
    if args.run is None or api.is_table(args.run):
        yield None
        return
    _refuse_options(args)
    with api.opened(args.run) as judged:
        yield judged


def _asked(args: argparse.Namespace) -> dict[str, Any]:
    """Return what was said of logs, or of a table."""
    return _of_a_table(args) if args.run else _of_logs(args)


def _one_run(args: argparse.Namespace, judged: Run | None) -> "Design":
    """Return one run beside a baseline, or checkpoints beside each other."""
    from harness.compare.baseline import beside_run_folder, is_run_folder

    baseline = args.baseline or []
    of_a_run = len(baseline) == 1 and is_run_folder(baseline[0])
    problems = list(_one_run_problems(args, of_a_run=of_a_run))
    if problems:
        raise UsageError("\n".join(problems))
    if args.run:
        return api.compared(judged or args.run, **({} if judged else _asked(args)))
    if of_a_run:
        _, name = args.names or ("", "candidate")
        return beside_run_folder(baseline[0], args.recipe, Path(args.candidate[0][0]), name)
    args.reference = baseline or args.reference
    return api.compared(**_of_logs(args), one_run=bool(baseline))


def _one_run_problems(args: argparse.Namespace, *, of_a_run: bool) -> Iterator[str]:
    if args.recipe and not of_a_run:
        yield "--recipe names one of a run folder; give that as --baseline."
    if not args.baseline:
        return
    if args.run or args.reference:
        yield "--baseline stands in place of what is to be judged and of --reference: give one of them."
    if len(args.candidate or []) != 1 or len(args.candidate[0]) != 1:
        yield "--baseline judges one run: give one folder as --candidate; several seeds are paired by --reference."
    if args.names and len(args.names) != 2:  # noqa: PLR2004
        yield f"--names takes 2 names, the baseline's and the new run's; got {args.names}."
    if of_a_run:
        given = [name for name in _given(args) if name not in {"candidate", "names"}]
        if given:
            yield f"{args.baseline[0]} declares its own comparison; for logs alone: {', '.join(map(_spelt, given))}."


def _given(args: argparse.Namespace) -> list[str]:
    """Return the options of logs and tables that were given."""
    return [name for name, nothing in _OF_LOGS.items() if getattr(args, name) != nothing]


def _beside_inputs(args: argparse.Namespace) -> list[str]:
    """Return what was given of scores, which prompts have none of; an error rate goes with both."""
    judged = [] if args.run is None else [str(args.run)]
    gated = {"gate": args.gate, "baseline": args.baseline, "recipe": args.recipe, "html": args.html}
    gated |= {"summary": args.summary, "details": args.details or None}
    named = [name for name in _given(args) if name != "alpha"] + [name for name in gated if gated[name] is not None]
    return judged + list(map(_spelt, named))


def _spelt(name: str) -> str:
    return _OPTION.get(name, f"--{name.replace('_', '-')}")


def _refuse_options(args: argparse.Namespace) -> None:
    """Refuse what a run's own spec answers."""
    extra = list(map(_spelt, _given(args)))
    if extra:
        raise UsageError(
            f"{args.run} declares its own comparison; for lm-eval logs or a table alone: {', '.join(extra)}. "
            "Leave that out, or change the spec's `comparison` and run it again: nothing is trained twice."
        )


def _of_a_table(args: argparse.Namespace) -> dict[str, Any]:
    """Return what was said of a table."""
    extra = [f"--{name}" for name in ("names", "all") if getattr(args, name)]
    if extra:
        raise UsageError(f"{args.run} names its arms and has one score an item; for lm-eval logs alone: {extra[0]}.")
    _refuse_pooling(args)
    if len(args.reference or ()) != 1:
        raise UsageError(f"{args.run} is a table: --reference takes one of its arms by name, got {args.reference}.")
    return {
        "reference": args.reference[0],
        "candidates": [name for names in args.candidate or () for name in names],
        "base": args.base,
        "metric": args.metric,
        **_declared(args, duplicates="refuse"),
    }


def _of_logs(args: argparse.Namespace) -> dict[str, Any]:
    """Return what was said of logs."""
    missing = {"--reference": args.reference, "--candidate": args.candidate, "--in-domain": args.in_domain}
    lacking = [name for name, value in {**missing, "--metric": args.metric}.items() if not value]
    if lacking:
        raise UsageError(f"give a run folder, a table of scores, or lm-eval logs with {', '.join(lacking)} as well.")
    _refuse_pooling(args)
    reference, *candidates = _names(args)
    return {
        "reference": args.reference,
        "candidates": dict(zip(candidates, args.candidate, strict=True)),
        "base": args.base,
        "reference_name": reference,
        "metric": args.metric,
        "newest": not args.all,
        **_declared(args, duplicates="once"),
    }


def _declared(args: argparse.Namespace, *, duplicates: str) -> dict[str, Any]:
    """Return the options that logs and tables share; `duplicates` is what happens to them where nothing is said."""
    return {
        "in_domain": args.in_domain,
        "out_of_domain": args.out_of_domain,
        "guards": args.guard,
        "guard_metric": args.guard_metric,
        "lower_is_better": args.lower,
        "cluster": args.cluster,
        "fixed_items": args.fixed_items,
        "sesoi": args.sesoi,
        "guard_sesoi": args.guard_sesoi,
        "retention": DEFAULT_RETENTION if args.retention is None else args.retention,
        "alpha": DEFAULT_ALPHA if args.alpha is None else args.alpha,
        "require_gain": args.require_gain,
        "seed_sd": args.seed_sd,
        "seed_df": args.seed_df,
        "duplicates": args.duplicates or duplicates,
        "identical_runs": args.identical_runs,
    }


def _refuse_pooling(args: argparse.Namespace) -> None:
    if args.pool_seed_variance:
        from harness.spec.records import NOT_POOLED

        raise UsageError(f"--pool-seed-variance is withdrawn: {NOT_POOLED}. Leave it out; more seeds are what helps.")


def _names(args: argparse.Namespace) -> list[str]:
    arms = 1 + len(args.candidate)
    names = args.names or ["reference", *(["candidate"] if arms == 2 else [f"candidate {k}" for k in range(1, arms)])]  # noqa: PLR2004
    if len(names) != arms:
        raise UsageError(f"--names takes {arms} names, the reference's and each candidate's; got {names}.")
    if len(set(names)) < arms:
        raise UsageError(f"--names takes {arms} different names; got {names}.")
    return list(names)
