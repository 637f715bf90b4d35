"""Code that comes with a stranger's task runs where somebody vouches for it, and nowhere else."""

import json
import shutil

import pytest

from harness.cli import main
from harness.declarations import trust
from harness.declarations.lm_eval import own_tasks
from harness.declarations.places import shipped
from harness.declarations.task_yaml import read_task
from harness.declarations.tasks import declared_tasks

HEAD = "task: mine\noutput_type: multiple_choice\ntest_split: test\n"
LOADER = "import pathlib\n\npathlib.Path({ran!r}).touch()\n\n\ndef load(**_):\n    return {{}}\n"


@pytest.fixture(autouse=True)
def stranger(tmp_path, monkeypatch):
    """A folder of which nothing is trusted, and a state folder that remembers nothing."""
    monkeypatch.delenv(trust.VARIABLE, raising=False)
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks").mkdir()
    return tmp_path


@pytest.fixture
def write(stranger):
    def written(yaml, loader=""):
        path = stranger / "tasks" / "mine.yaml"
        path.write_text(HEAD + yaml)
        if loader:
            (stranger / "tasks" / "loader.py").write_text(loader)
        return path

    return written


def untrusted(path):
    return [code.what for code in trust.untrusted(read_task(path))]


@pytest.mark.parametrize(
    "yaml",
    [
        "custom_dataset: !function subprocess.check_output\n",
        "process_docs: !function os.system\n",
        "custom_dataset: !function lm_eval.tasks._yaml_loader._import_fun_from_str\n",
        "custom_dataset: !function lm_eval.tasks.manager.TaskManager\n",
        "custom_dataset: !function harness.suites.scaffold.create\n",
        "custom_dataset: !function harness.suites.metrics.math\n",
        "custom_dataset: !function harness.suites.metrics.__loader__\n",
        "custom_dataset: !function eval\n",
        "filter_list: [{name: x, filter: [{function: custom, filter_fn: !function os.system}]}]\n",
        "fewshot_config: {samples: !function shutil.rmtree}\n",
        "? !function os.system\n: 1\n",
        # Which metrics are lm-eval's own is known where it is installed.
        pytest.param("metric_list: [{metric: somebody/metric}]\n", marks=pytest.mark.run),
        "metric_list: [{metric: acc, hf_evaluate: true}]\n",
        "dataset_path: pandas\ndataset_kwargs: {data_files: x.pkl}\n",
    ],
)
def test_what_reaches_code_from_a_yaml_alone_is_found(write, yaml, capsys):
    path = write(yaml)
    assert len(untrusted(path)) == 1
    spec = {"extends": "quick", "data": {"source": "task", "task": "mine"}}
    (path.parent.parent / "mine.json").write_text(json.dumps(spec))
    assert main(["validate", "mine.json"]) == 64
    out = capsys.readouterr().out
    assert "would run code that nobody here has trusted" in out
    assert f"`harness trust {path}`" in out
    assert f"--trust-code {path}" in out


@pytest.mark.parametrize(
    "yaml",
    [
        "process_results: !function harness.suites.metrics.choice\n",
        "custom_dataset: !function harness.questions.load.from_wheel\n",
        "metric_list: [{metric: acc}, {metric: bleu}]\n",
        "dataset_path: json\n",
    ],
)
def test_what_is_made_to_be_named_needs_no_trust(write, yaml):
    assert untrusted(write(yaml)) == []


def test_shipped_tasks_and_lm_evals_are_trusted():
    assert [name for name, task in declared_tasks().items() if trust.untrusted(task)] == []
    some = sorted(own_tasks().items())[::200]
    assert [name for name, task in some if trust.untrusted(read_task(task.path))] == []


def test_a_copy_of_a_shipped_declaration_is_trusted_until_it_is_changed(stranger):
    folder = stranger / "tasks" / "hub"
    shutil.copytree(shipped("tasks") / "hub", folder)
    shutil.copy(shipped("tasks") / "_open", stranger / "tasks" / "_open")
    assert untrusted(folder / "car_manual_open.yaml") == []
    with (folder / "loader.py").open("a") as file:
        file.write("\n")
    assert untrusted(folder / "car_manual_open.yaml") == ["loader.manual"]


def test_a_loader_runs_only_once_it_is_trusted_and_asks_again_when_changed(stranger, write, capsys):
    ran = stranger / "ran"
    path = write("custom_dataset: !function loader.load\n", LOADER.format(ran=str(ran)))
    assert untrusted(path) == ["loader.load"]
    assert main(["trust", str(path)]) == 1
    assert main(["trust", str(path), "--yes"]) == 0
    assert "pathlib.Path" in capsys.readouterr().out
    assert untrusted(path) == []
    with (stranger / "tasks" / "loader.py").open("a") as file:
        file.write("import os\n")
    assert untrusted(path) == ["loader.load"]
    assert not ran.exists()


def test_what_lies_beside_a_loader_and_can_be_imported_is_trusted_with_it(stranger, write):
    path = write("custom_dataset: !function loader.load\n", LOADER.format(ran="x"))
    assert main(["trust", str(path), "--yes"]) == 0
    (stranger / "tasks" / "helper.py").write_text("import os\n")
    assert untrusted(path) == ["loader.load"]


def test_a_folder_is_trusted_for_one_command(stranger, write, monkeypatch):
    path = write("custom_dataset: !function loader.load\n", LOADER.format(ran="x"))
    monkeypatch.setenv(trust.VARIABLE, str(stranger / "tasks"))
    assert untrusted(path) == []
    monkeypatch.setenv(trust.VARIABLE, str(stranger / "task"))
    assert untrusted(path) == ["loader.load"]


@pytest.mark.run
def test_a_stranger_is_refused_where_the_task_would_be_built(stranger, write):
    from harness.errors import TaskError
    from harness.suites.load import load_task

    ran = stranger / "ran"
    write("custom_dataset: !function loader.load\n", LOADER.format(ran=str(ran)))
    with pytest.raises(TaskError, match=r"nobody here has trusted: loader\.load in"):
        load_task("mine")
    assert not ran.exists()


@pytest.mark.run
@pytest.mark.parametrize(
    "template",
    [
        "{{ cycler.__init__.__globals__.os.system('touch ran') }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ lipsum.__globals__['os'].popen('touch ran').read() }}",
        "{{ question.append(1) }}",
    ],
)
def test_a_template_reaches_no_program(stranger, template):
    import lm_eval.utils
    from jinja2.exceptions import SecurityError, UndefinedError

    from harness._compat.lm_eval import prepare_templates

    prepare_templates()
    with pytest.raises((SecurityError, UndefinedError)):
        lm_eval.utils.apply_template(template, {"question": [1]})
    assert not (stranger / "ran").exists()
    assert lm_eval.utils.apply_template("{{ a.strip()|regex_replace('x', 'y') }}\n", {"a": " x "}) == "y\n"
