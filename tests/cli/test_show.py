"""``harness show``: a spec, a recipe or a suite as it is resolved, with its file."""

import json

import pytest

from harness.cli import main
from harness.declarations.places import shipped
from harness.spec import load, lock


def shown(capsys, *words):
    assert main(["show", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_spec_is_shown_with_what_it_extends_and_every_default(capsys):
    found = shown(capsys, "quick")
    assert (found["kind"], found["file"]) == ("spec", str(shipped("specs") / "quick.json"))
    assert found["content"] == json.loads(json.dumps(lock(load("quick"))))
    assert found["content"]["comparison"]["reference"] == "full--default"


def test_a_recipe_is_shown_with_what_it_extends(capsys):
    content = shown(capsys, "lora--last-half")["content"]
    assert content["peft"]["target_modules"] == "all-linear"
    assert content["layers"]["strategy"] == "last"


def test_a_suite_is_shown_with_its_yaml(capsys):
    assert main(["show", "k8s_qa"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("k8s_qa, a suite in ")
    assert "task: k8s_qa" in text
    assert shown(capsys, "k8s_qa")["content"]["metadata"]["role"]


def test_files_of_ones_own_are_found_by_path_and_by_name(tiny_spec, monkeypatch, capsys):
    monkeypatch.chdir(tiny_spec.parent)
    assert shown(capsys, "./tiny.json")["kind"] == "spec"
    assert shown(capsys, "lora--tiny")["content"]["peft"]["r"] == 2
    assert shown(capsys, "sums_far")["kind"] == "suite"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lora--last-hlf", "Did you mean `lora--last-half`?"),
        ("k8s_q", "Did you mean `k8s_qa`?"),
        ("./no.json", "no file"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(name, said, capsys):
    assert main(["show", name]) == 64
    assert said in capsys.readouterr().err


def test_a_spec_that_is_wrong_is_told_as_everywhere(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text('{"extends": "gap", "seds": [1]}')
    assert main(["show", "./bad.json"]) == 64
    assert "unknown key `seds`" in capsys.readouterr().err
