"""Task YAML is read in one way: what is listed, what is found by name and what is hashed are the same."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lm_eval.tasks import TaskManager

from harness.cli import main
from harness.declarations.task_yaml import read_task
from harness.declarations.tasks import declared_tasks, find_task, search
from harness.errors import TaskError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tasks" / "sums").mkdir(parents=True)
    return tmp_path / "tasks" / "sums"


def test_functions_stay_text_and_includes_are_merged(folder):
    (folder / "_shared").write_text("output_type: multiple_choice\ndescription: shared\n")
    (folder / "sums.yaml").write_text(
        "task: sums\ninclude: _shared\ndescription: own\ncustom_dataset: !function loader.load\n"
    )
    task = find_task("sums", beside=folder.parent.parent)
    assert task.config["output_type"] == "multiple_choice"
    assert task.config["description"] == "own"
    assert task.config["custom_dataset"] == "loader.load"
    assert not task.is_group


def test_the_first_of_a_name_hides_later_ones(folder, tmp_path):
    (folder / "a.yaml").write_text("task: k8s_qa\nmetadata: {title: mine}\n")
    assert find_task("k8s_qa", beside=tmp_path).metadata["title"] == "mine"
    assert find_task("k8s_qa").metadata["title"] != "mine"


@pytest.mark.parametrize("content", ["task: [", "include: absent\ntask: x", "include: a.yaml\ntask: x", "\udcff"])
def test_a_file_that_cannot_be_read_is_named(folder, tmp_path, content):
    (folder / "a.yaml").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(TaskError, match=r"a\.yaml|absent"):
        sorted(declared_tasks(beside=tmp_path))


def test_files_that_cannot_be_read_are_all_named_at_once(folder, tmp_path, monkeypatch, capsys):
    (folder / "a.yaml").write_text("task: [")
    (folder / "b.yaml").write_text("include: absent\n")
    (folder / "c.yaml").write_text("task: fine\n")
    with pytest.raises(TaskError, match=r"(?s)a\.yaml.*absent"):
        declared_tasks(beside=tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["tasks"]) == TaskError.exit_code
    out, err = capsys.readouterr()
    assert "fine" in out
    assert "k8s_qa" in out
    assert "a.yaml: cannot be read as YAML" in err
    assert "absent: cannot be read as YAML" in err


@pytest.mark.parametrize(
    "content", ["task: k8s_qa\ninclude: absent\n", "task: k8s_qa # note\ndoc: [unclosed", "'task': \"k8s_qa\"\r\nx: ["]
)
def test_nothing_takes_the_place_of_a_nearer_file_that_cannot_be_read(folder, tmp_path, content):
    (folder / "a.yaml").write_text(content)
    with pytest.raises(TaskError, match=r"a\.yaml|absent"):
        find_task("k8s_qa", beside=tmp_path)
    assert "k8s_qa" not in search(beside=tmp_path).tasks
    assert find_task("world_facts", beside=tmp_path) is not None


def test_yaml_beside_a_spec_that_declares_no_task_is_somebody_elses(tmp_path):
    (tmp_path / "chart.yaml").write_text("image: {{ .Values.image }}\n")
    (tmp_path / "stack.yaml").write_bytes(b"name: caf\xe9\n")
    assert not search(beside=tmp_path).broken


def test_reading_tasks_needs_yaml_alone():
    code = "import sys, harness.declarations.tasks; print(*{'torch','datasets','lm_eval','numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


WAYS = {
    "plain": "task: mine\n",
    "a comment": "task: mine # the note\n",
    "a quoted key": '"task": mine\n',
    "a quoted name": "task: 'mine'\n",
    "a double-quoted name": 'task: "mine"\n',
    "an escape": 'task: "m\\u0069ne"\n',
    "the end of a line": "task:\n  mine\n",
    "a space before the colon": "task : mine\n",
    "Windows' line ends": "output_type: generate_until\r\ntask: mine\r\n",
    "a byte-order mark": "\ufefftask: mine\n",
    "braces": "{task: mine, output_type: generate_until}\n",
    "braces and quotes": '{"output_type": "generate_until",\n "task": "mine"}\n',
    "an anchor": "description: &name mine\ntask: *name\n",
    "a merge key": "metadata: &base {task: mine}\n<<: *base\n",
    "a document start": "---\ntask: mine\n",
    "an include": "include: _base\n",
    "a list of includes": "include: [_other, _base]\n",
    "a quoted include": '"include": "_base" # shared\n',
    "a class": "task: mine\nclass: !function code.Mine\n",
    "a group": "group: mine\ntask: [one, two]\n",
    "a group within": "task:\n  - one\n  - group: other\n    task: [two]\ngroup: mine\n",
}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a task's file among others, and return it; the current directory is the one above."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "tasks" / "of_mine"
    folder.mkdir(parents=True)
    (folder / "_base").write_text("task: mine\n")
    (folder / "_other").write_text("task: other\n")

    def write(text):
        path = folder / "declared.yaml"
        path.write_bytes(text.encode())
        return path

    return write


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_a_name_is_listed_found_and_hashed_however_it_is_written(written, text, capsys):
    path = written(text)
    assert find_task("mine").path == path
    assert path in find_task("mine").source_files
    assert declared_tasks()["mine"].path == path
    assert main(["tasks", "--json"]) == 0
    assert f'"{path}"' in capsys.readouterr().out


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_a_name_is_what_lm_eval_makes_of_the_file(written, text):
    path = written(text)
    manager = TaskManager(include_path=str(path.parent), include_defaults=False)
    assert "mine" in manager.all_tasks
    assert find_task("mine").is_group == ("mine" in manager.all_groups)


OTHER = {
    "a comment": "# task: mine\noutput_type: generate_until\n",
    "text": "doc_to_text: |\n  task: mine\n",
    "a field of metadata": "metadata:\n  task: mine\n",
    "a longer name": "task: mine_too\n",
    "a number": "task: 3\n",
    "nothing": "",
    "a list": "- task: mine\n",
    "a name that an include gives and the file replaces": "include: _base\ntask: another\n",
}


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_what_only_looks_like_the_name_declares_nothing(written, text):
    written(text)
    assert find_task("mine") is None
    assert "mine" not in declared_tasks()


@given(
    key=st.sampled_from(["task", '"task"', "'task'", "task "]),
    name=st.from_regex(r"[a-z][a-z0-9_.-]{0,12}", fullmatch=True).filter(
        lambda name: name not in ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
    ),
    quote=st.sampled_from(["", "'", '"']),
    note=st.sampled_from(["", " # a note", "   "]),
    end=st.sampled_from(["\n", "\r\n", ""]),
    before=st.sampled_from(["", "output_type: generate_until\n", "# a comment\n", "---\n"]),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_looking_a_name_up_and_listing_all_agree(written, key, name, quote, note, end, before):
    path = written(f"{before}{key}: {quote}{name}{quote}{note}{end}")
    assert read_task(path).name == name
    assert find_task(name) == declared_tasks()[name]


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("metric_list:\n  - metric: acc\n  - metric: 'f1'\n", {"acc", "f1"}),
        ("metric_list: [{metric: acc, aggregation: mean}]\n", {"acc"}),
        ("metric_list:\n- metric: !function scores.one\n", {"one"}),
        ("include: _metrics\n", {"shared"}),
        ("include: _metrics\nmetric_list: [{metric: own}]\n", {"own"}),
        ("output_type: generate_until\n", set()),
    ],
)
def test_metrics_are_those_that_lm_eval_reports(written, text, metrics):
    path = written(f"task: mine\n{text}")
    (path.parent / "_metrics").write_text("metric_list: [{metric: shared}]\n")
    assert find_task("mine").metrics == metrics


def test_tasks_are_found_any_number_of_folders_deep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    deep = tmp_path / "tasks" / "of" / "a" / "team"
    outside = tmp_path / "elsewhere"
    left_out = [deep.parent / name for name in (".git", "runs", "node_modules", "venv")]
    for folder in (deep, outside, *left_out):
        folder.mkdir(parents=True)
        (folder / "x.yaml").write_text(f"task: in_{folder.name.lstrip('.')}\n")
    (deep.parent / "venv" / "pyvenv.cfg").write_text("")
    (deep / "link").symlink_to(outside, target_is_directory=True)
    (deep / "circle").symlink_to(tmp_path, target_is_directory=True)
    found = {name for name in declared_tasks() if name.startswith("in_")}
    assert found == {"in_team"}
    assert find_task("in_team").path == deep / "x.yaml"


def test_a_folder_that_is_not_for_tasks_is_searched_one_level_down(tmp_path):
    for folder in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "mine" / "b" / "c"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "x.yaml").write_text(f"task: in_{folder.name}\n")
    assert find_task("in_a", beside=tmp_path) is not None
    assert find_task("in_b", beside=tmp_path) is None
    assert find_task("in_c", include=[tmp_path / "mine"]) is not None
