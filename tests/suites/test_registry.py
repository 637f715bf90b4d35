import subprocess
import sys

import pytest

from harness.errors import TaskError
from harness.suites import registry


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tasks" / "sums").mkdir(parents=True)
    return tmp_path / "tasks" / "sums"


def test_functions_stay_text_and_includes_are_merged(folder):
    (folder / "_shared").write_text("output_type: multiple_choice\ndescription: shared\n")
    (folder / "sums.yaml").write_text(
        "task: sums\ninclude: _shared\ndescription: own\ncustom_dataset: !function loader.load\n"
    )
    task = registry.find("sums", beside=folder.parent.parent)
    assert task.config["output_type"] == "multiple_choice"
    assert task.config["description"] == "own"
    assert task.config["custom_dataset"] == "loader.load"
    assert not task.is_group


def test_the_first_of_a_name_hides_later_ones(folder, tmp_path):
    (folder / "a.yaml").write_text("task: k8s_qa\nmetadata: {title: mine}\n")
    assert registry.find("k8s_qa", beside=tmp_path).metadata["title"] == "mine"
    assert registry.find("k8s_qa").metadata["title"] != "mine"


@pytest.mark.parametrize("content", ["task: [", "include: absent\ntask: x", "include: a.yaml\ntask: x", "\udcff"])
def test_a_file_that_cannot_be_read_is_named(folder, tmp_path, content):
    (folder / "a.yaml").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(TaskError, match=r"a\.yaml|absent"):
        registry.names(beside=tmp_path)


def test_the_registry_needs_yaml_alone():
    code = "import sys, harness.suites.registry; print(*{'torch','datasets','lm_eval','numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
