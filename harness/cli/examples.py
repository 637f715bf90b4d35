"""Commands that show what each verb is for, under its ``--help``: a command, and what it does."""

from collections.abc import Mapping

Example = tuple[str, str]

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "init": (
        ("harness init mine", "write an experiment into mine/, then run mine/mine.json"),
        ("harness init", "write it here"),
    ),
    "validate": (
        ("harness validate mine.json adapters/my--wide.json", "a spec and a recipe"),
        ("harness validate gap --set training.max_steps=5 --json", "a shipped one with a change, for a program"),
    ),
    "plan": (
        ("harness plan gap", "what `harness run gap` would do, take and show"),
        ("harness plan gap --from runs/gap", "the same at the spread that a run measured"),
        ("harness plan gap --within 2h", "the seeds and items that fit into two hours"),
        ("harness plan base-instruct-llama-3.2-3b", "cells, time and memory by model"),
    ),
    "run": (
        ("harness run gap", "train, score and compare; typed again, it goes on"),
        ("harness run quick --seeds 1,2 --limit 20 --out runs/try", "smaller, into another folder"),
        ("harness run gap --dry-run", "show the plan and run nothing"),
        ("harness run gap --retry failed:killed", "run cells again that were killed"),
        ("harness run gap --next 1", "the next cell that nobody has, for a launcher"),
        ("harness run base-instruct-llama-3.2-3b --only base", "one of the models of a spec"),
    ),
    "search": (
        ("harness search search", "the shipped search on the embedded model; typed again, it goes on"),
        ("harness search search --dry-run", "its trials and cells, with hours"),
        ("harness search search --set search.scan.max_steps=3 --set training.max_steps=6", "shorter"),
    ),
    "submit": (
        ("harness submit gap --tasks 24 --with timeout_min=240", "24 tasks of Slurm, a cell each"),
        ("harness submit gap --tasks 4 --next 6 --to local --wait", "four processes here, and how each ended"),
    ),
    "ls": (
        ("harness ls", "every run below runs/"),
        ("harness ls runs/gap", "the cells of one"),
    ),
    "compare": (
        (
            """harness compare --reference full/s1 full/s2 full/s3 --candidate lora/s1 lora/s2 lora/s3 \\
      --in-domain k8s_qa --out-of-domain techmanual_qa --metric acc""",
            "three seeds a side, one folder as written by lm_eval --log_samples --output_path per seed",
        ),
        (
            """harness compare scores.csv --reference full --candidate lora \\
      --in-domain k8s --out-of-domain manual --sesoi 0.02""",
            "a table with the columns arm, seed, suite, item, score",
        ),
        ("harness compare runs/gap --gate not-worse,drop:1%", "a finished run as a gate, by its exit code"),
        (
            "harness compare --baseline runs/prod --recipe lora--r8 --candidate new --gate drop:1%",
            "one new run beside the seeds of one in production",
        ),
        (
            "harness compare --inputs march.txt april.jsonl --field question",
            "whether what comes in has shifted: two files of prompts",
        ),
    ),
    "promote": (
        ("harness promote runs/refresh", "by the rules of its spec, else no suite may drop by more than 1%"),
        ("harness promote runs/refresh --gate drop:k8s_qa=1%,drop:medical_cot=2%", "by these"),
    ),
    "report": (
        ("harness report runs/gap", "print it, and write its page anew"),
        ("harness report runs/gap --against runs/gap-long", "two runs beside each other"),
        ("harness report runs/gap --csv scores.csv", "every item's score as a table"),
    ),
    "bundle": (
        ("harness bundle runs/gap", "write gap.bundle.tar.xz"),
        ("harness bundle runs/gap --out results/gap.bundle.tar.xz", "write it elsewhere"),
    ),
    "export": (
        ("harness export runs/gap lora--last-half--s17 --out served", "its adapter, in PEFT's format"),
        ("harness export runs/gap lora--last-half--s17 --merged --out served", "whole weights, with no adapter left"),
        ("harness export runs/gap --format every-eval-ever --out shared", "a record a cell, and its items beside it"),
    ),
    "rate": (
        ("harness rate export runs/cot --out raters --items 40", "a CSV file and a page for raters, the key apart"),
        ("harness rate import raters.key.json ana.csv ben.csv", "agreement, and each mark with its interval"),
    ),
    "push": (
        ("harness push runs/gap --to me/gap --dry-run", "say what would go there, and push nothing"),
        ("harness push runs/gap --to me/gap --licence apache-2.0", "the adapters with cards, and the verdict"),
    ),
    "verify": (("harness verify gap.bundle.tar.xz", "judge its scores anew"),),
    "show": (
        ("harness show gap", "an experiment with everything that it extends and every default"),
        ("harness show lora--last-half", "a recipe"),
        ("harness show k8s_qa", "a suite: where it is from, and its YAML"),
    ),
    "tasks": (
        ("harness tasks", "every suite that a spec can name"),
        ("harness tasks new ports --from ports.jsonl", "start one from a file of questions"),
        ("harness tasks check ports", "put it through the quality gates"),
    ),
    "trust": (
        ("harness trust tasks/", "show the code, and ask"),
        ("harness trust tasks/ --yes", "trust it without asking, as in a script"),
    ),
    "adapters": (
        ("harness adapters", "every recipe that a spec can name"),
        ("harness adapters --model gap", "with how many parameters each trains there"),
    ),
    "schema": (
        ("harness schema > experiment.schema.json", "for an editor that checks specs"),
        ("harness schema recipe", "that of recipes"),
    ),
    "completion": (
        ('eval "$(harness completion bash)"', "complete verbs, options and files in this shell"),
        ("harness completion zsh > ~/.zfunc/_harness", "in every zsh whose fpath holds ~/.zfunc"),
    ),
    "doctor": (
        ("harness doctor", "this machine"),
        ("harness doctor runs/gap", "every file of a run"),
        ("harness doctor --cache", "everything in the cache"),
    ),
}


def epilog(verb: str) -> str:
    """Return a verb's examples as its help ends with them."""
    found = EXAMPLES[verb]
    lines = (f"  {command}\n      {does}" for command, does in found)
    return "\n".join([f"example{'s' if len(found) > 1 else ''}:", *lines])
