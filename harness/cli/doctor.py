"""``harness doctor``: whether this machine can run harness and what it would fetch, or a run or the cache is whole."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from harness import extras
from harness.cli._common import quiet_imports
from harness.declarations.places import shipped
from harness.extras import DISTRIBUTION
from harness.ledger.examine import Finding, Status, examine
from harness.sources import cache
from harness.sources.cache_check import State, entries
from harness.spec import load
from harness.spec.records import Model
from harness.text import visible

SECONDS = 5
"""How long a registry or hub may take to answer."""

_FAILED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="look at this run folder instead: whether every file is whole, and what making it again would take",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    instead.add_argument(
        "--cache",
        action="store_true",
        help="look through the cache folder instead: what is whole, damaged or left over",
    )


def run(args: argparse.Namespace) -> int:
    """Print one line a check; exit 1 if any failed (a warning is not a failure)."""
    quiet_imports()
    found = []
    for finding in _asked(args):
        found.append(finding)
        if not args.json:
            print(f"{finding.status:4}  {finding.what}: {finding.detail}", flush=True)
    if args.json:
        print(json.dumps([asdict(finding) for finding in found], indent=2))
    return _FAILED if any(finding.status == "fail" for finding in found) else 0


def _asked(args: argparse.Namespace) -> Iterator[Finding]:
    if args.cache:
        return cache_findings()
    return findings() if args.folder is None else examine(args.folder)


def findings() -> Iterator[Finding]:
    """Yield every check's finding, in the order in which they are worth reading."""
    yield python()
    yield from packages()
    yield cache_folder()
    if not extras.missing("run"):
        yield embedded_model()
        yield hub()
        yield accelerator()
    yield registry()


def python() -> Finding:
    """Compare the interpreter with the range that harness declares."""
    running = platform.python_version()
    try:
        wanted = metadata.metadata(DISTRIBUTION)["Requires-Python"]
    except metadata.PackageNotFoundError:
        return Finding("python", "warn", f"{running}; {DISTRIBUTION} is not installed, so no range is known")
    good = SpecifierSet(wanted).contains(running, prereleases=True)
    return Finding("python", "ok" if good else "fail", f"{running} ({sys.executable}); needs {wanted}")


def packages() -> Iterator[Finding]:
    """Compare each installed dependency with the range that harness declares; an extra may be missing as a whole."""
    if not extras.declared():
        yield Finding("packages", "fail", f"{DISTRIBUTION} is not installed. `{extras.install_command('run')}`")
        return
    yield from map(package, extras.declared())
    training = extras.declared("run")
    if training and len(extras.missing("run")) == len(training):
        detail = "not installed: nothing can be trained or scored here, finished runs and logs can be compared."
        yield Finding("extra run", "warn", f"{detail} `{extras.install_command('run')}` brings it")
    else:
        yield from map(package, training)


def package(need: Requirement) -> Finding:
    """Compare one installed dependency with its declared range."""
    try:
        installed = metadata.version(need.name)
    except metadata.PackageNotFoundError:
        return Finding(need.name, "fail", f"not installed; `pip install -c constraints.txt '{need}'`")
    if need.specifier.contains(installed, prereleases=True):
        return Finding(need.name, "ok", f"{installed}; needs {need.specifier}")
    return Finding(need.name, "fail", f"{installed}; needs {need.specifier}: `pip install -c constraints.txt '{need}'`")


def cache_findings() -> Iterator[Finding]:
    """Yield what there is in the cache folder; nothing in it is changed."""
    yield Finding("cache", "ok", f"{cache.root()}; whatever is removed from it is made or downloaded again when needed")
    for entry in entries():
        name = visible(str(entry.path.relative_to(cache.root())))
        detail = f"{entry.state}, {entry.bytes / 1e6:,.1f} MB; {visible(entry.detail)}"
        yield Finding(name, _STATUS[entry.state], detail)


_STATUS: Mapping[State, Status] = {
    "whole": "ok",
    "being filled": "ok",
    "unproven": "warn",
    "left over": "warn",
    "foreign": "warn",
    "damaged": "fail",
}


def cache_folder() -> Finding:
    """Write a file into the cache folder."""
    folder = cache.root()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        detail = f"{folder} cannot be written ({error.strerror}). {cache.REMEDY}"
        return Finding("cache", "fail", detail)
    return Finding("cache", "ok", f"{folder} can be written")


def embedded_model() -> Finding:
    """Tell whether the shipped experiments' model is in the cache."""
    from harness.sources.models import is_local

    model = _embedded()
    name = f"{model.package} {model.version}"
    if is_local(model):
        return Finding("embedded model", "ok", f"{name} is in the cache")
    return Finding("embedded model", "warn", f"{name} is not in the cache; the first run downloads it")


def registry() -> Finding:
    """Ask pip, as this machine configures it, for the embedded model's package."""
    package_name = str(_embedded().package)
    command = [sys.executable, "-m", "pip", "index", "versions", package_name, "--retries", "0"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, arguments without a shell
            [*command, "--timeout", str(SECONDS)], capture_output=True, text=True, check=False, timeout=4 * SECONDS
        )
    except subprocess.TimeoutExpired:
        return Finding("registry", "warn", "pip's registry does not answer; what is in the cache can be used")
    if done.returncode:
        detail = "pip's registry cannot be reached; what is in the cache can be used"
        return Finding("registry", "warn", detail)
    return Finding("registry", "ok", f"pip finds {package_name}")


def hub() -> Finding:
    """Ask the model hub for anything at all: an answer of any kind means that it can be reached."""
    from huggingface_hub.constants import ENDPOINT

    if os.environ.get("HF_HUB_OFFLINE"):
        return Finding("hub", "warn", "HF_HUB_OFFLINE is set; hub models come from their cache alone")
    try:
        urllib.request.urlopen(ENDPOINT, timeout=SECONDS).close()  # noqa: S310 - the hub library's own endpoint
    except urllib.error.HTTPError as answer:
        return Finding("hub", "ok", f"{ENDPOINT} answers ({answer.code})")
    except (OSError, ValueError) as error:
        detail = f"{ENDPOINT} cannot be reached ({error}); needed for models and data of the source `hub` alone"
        return Finding("hub", "warn", detail)
    return Finding("hub", "ok", f"{ENDPOINT} answers")


def accelerator() -> Finding:
    """Name the device that training would use."""
    import torch

    if torch.cuda.is_available():
        return Finding("accelerator", "ok", torch.cuda.get_device_name(0))
    return Finding("accelerator", "ok", f"none: the CPU with {torch.get_num_threads()} threads")


def _embedded() -> Model:
    return load(shipped("specs") / "gap.json").model
