"""A suite's own YAML file is held to lm-eval's fields before anything is built."""

from dataclasses import fields

from lm_eval.config.task import TaskConfig

from harness.cli import main
from harness.declarations.lm_eval import task_fields
from harness.spec import load

YAML = """task: ports
include: shared
test_spilt: test
doc_to_text: "Question:
Answer: {{question}}"
process_results: !function scores.one
"""


def put_task(write, text=YAML):
    write("metric_lists: []\n", "tasks/shared")
    write(text, "tasks/ports.yaml")


def use_it(spec):
    spec["suites"][1]["task"] = "ports"
    return spec


def test_the_fields_are_those_of_the_installed_library():
    loaders = {"include", "tag", "group", "task_list", "class"}
    assert task_fields() == {field.name for field in fields(TaskConfig)} | loaders


def test_every_unknown_field_is_named_with_its_file_and_the_nearest(write, spec, problems, folder):
    put_task(write)
    found = problems(load, write(use_it(spec)))
    said = "has the field {!r}, which lm-eval does not know"
    assert [(path, message) for path, _, message, _ in found] == [
        (
            "$.suites[1].task",
            f"{folder / 'tasks' / 'ports.yaml'} {said.format('test_spilt')}",
        ),
        (
            "$.suites[1].task",
            f"{folder / 'tasks' / 'shared'} {said.format('metric_lists')}",
        ),
    ]
    assert [remedy for *_, remedy in found] == ["Did you mean `test_split`?", "Did you mean `metric_list`?"]


def test_a_file_that_is_no_yaml_is_named(write, spec, problems):
    put_task(write, "task: ports\ndoc: [unclosed\n")
    ((_, _, message, _),) = problems(load, write(use_it(spec)))
    assert message.endswith("ports.yaml cannot be read as YAML")


def test_validate_refuses_such_a_task(write, spec, capsys):
    put_task(write)
    assert main(["validate", str(write(use_it(spec)))]) == 64
    assert "test_spilt" in capsys.readouterr().out
