"""Probe texts: a domain's prompts as they are scored, or texts that are given; what is missing is said beforehand."""

import json

import pytest
from transformers import AutoTokenizer

from harness.diagnostics import ProbeRequest, check_diagnostics
from harness.diagnostics.probes import probes_of
from harness.errors import RecipeError, SpecError, TaskError
from harness.preflight.prepare import prepare
from harness.spec import load
from harness.spec.records import Recipe

FULL = Recipe(method="full", name="default")


@pytest.fixture
def tokenizer(tiny_tokenizer_folder):
    return AutoTokenizer.from_pretrained(tiny_tokenizer_folder)


def changed(spec, **changes):
    spec.write_text(json.dumps(json.loads(spec.read_text()) | changes))
    return spec


def test_they_are_the_first_prompts_of_the_suites(tiny_spec, tokenizer):
    found = probes_of(ProbeRequest(items=3, tokens=64), load(tiny_spec), FULL, tokenizer)
    texts = {domain: [tokenizer.decode(ids[0]) for ids in each] for domain, each in found.texts.items()}
    assert texts == {
        "in_domain": ["100 + 1 =", "101 + 1 =", "102 + 1 ="],
        "out_of_domain": ["600 + 1 =", "601 + 1 =", "602 + 1 ="],
    }


def test_texts_that_are_given_come_in_their_place_and_are_cut(tiny_spec, tokenizer):
    request = ProbeRequest(items=1, tokens=4, texts={"out_of_domain": ["a longer text", "another"]})
    found = probes_of(request, load(tiny_spec), FULL, tokenizer)
    assert [tuple(ids.shape) for ids in found.texts["out_of_domain"]] == [(1, 4), (1, 4)]
    assert len(found.texts["in_domain"]) == 1


def test_a_text_of_one_token_is_refused(tiny_spec, tokenizer):
    request = ProbeRequest(texts={"in_domain": ["a"]})
    with pytest.raises(TaskError, match="the probe text 'a' of in_domain has 1 tokens, and a look takes 2"):
        probes_of(request, load(tiny_spec), FULL, tokenizer)


def test_a_domain_without_a_text_is_refused_before_anything_is_trained(tiny_spec):
    written = json.loads(tiny_spec.read_text())
    asked = ["attention_drift", "representation_drift"]
    spec = changed(tiny_spec, suites=written["suites"][:1], diagnostics=asked)
    with pytest.raises(RecipeError) as caught:
        prepare(load(spec), on_stage=lambda _: pytest.fail("began to prepare"))
    said = (
        "there is no probe text of out_of_domain: no suite of the experiment has that role. Give "
        "`options.texts.out_of_domain`, a list of texts, or add such a suite."
    )
    assert str(caught.value).splitlines() == [f"the diagnostic {name}: {said}" for name in asked]
    texts = {"texts": {"out_of_domain": ["something else"]}}
    spec = changed(tiny_spec, diagnostics=[{"name": "attention_drift", "options": texts}])
    check_diagnostics(load(spec), None)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"name": "attention_drift", "options": {"texts": {"in_domain": []}}}, "the list is empty"),
        ({"name": "activations", "options": {"texts": {"elsewhere": ["a"]}}}, "unknown key `elsewhere`"),
        ({"name": "representation_drift", "options": {"by": 0.1}}, "unknown key `by`"),
        ({"name": "spectrum", "options": {"top": 0}}, "0 is out of range"),
    ],
)
def test_wrong_options_are_named(tiny_spec, request_, words):
    with pytest.raises(SpecError) as caught:
        load(changed(tiny_spec, diagnostics=[request_]))
    assert words in str(caught.value)
