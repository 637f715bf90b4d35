"""The packages that docs/extending.md shows keep the contracts: they are installed as they stand there."""

import re
from pathlib import Path

import pytest

from harness.errors import SpecError
from harness.spec import load_recipe
from harness.spec.records import Layers
from harness.testing.layer_strategies import LayerStrategyContract
from harness.testing.methods import MethodContract

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
POINTS = {
    name: f"[{group}]\n{name} = {target}\n"
    for group, name, target in re.findall(
        r'^\[project\.entry-points\."([\w.]+)"\]\n(\w+) = "([\w.:]+)"', PAGE, re.MULTILINE
    )
}


@pytest.fixture
def install_shown(install):
    def installed(package, point):
        files = {name: text for name, text in FILES.items() if name.startswith(f"{package}/")}
        assert files
        install(f"shown-{package}", POINTS[point], {f"{package}/__init__.py": "", **files})

    return installed


@pytest.fixture
def shown_recipe(install_shown, tmp_path):
    install_shown("gains", "gains")
    file = tmp_path / "adapters" / "my--gains.json"
    file.parent.mkdir()
    file.write_text(FILES["adapters/my--gains.json"])
    return file


class TestGains(MethodContract):
    @pytest.fixture
    def recipe(self, shown_recipe):
        return load_recipe(str(shown_recipe), beside=shown_recipe.parent)


def test_the_options_are_held_to_the_schema(shown_recipe):
    shown_recipe.write_text(shown_recipe.read_text().replace('"module"', '"modul"'))
    with pytest.raises(SpecError, match=r"\$\.gains.*modul"):
        load_recipe(str(shown_recipe), beside=shown_recipe.parent)


class TestWeightiest(LayerStrategyContract):
    @pytest.fixture
    def layers(self, install_shown):
        install_shown("weightiest", "weightiest")
        return Layers(strategy="weightiest", count=2, options={"part": "self_attn"})
