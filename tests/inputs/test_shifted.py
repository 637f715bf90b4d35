"""Sets of prompts that differ in one respect are said to differ in that, and a set beside itself in none."""

import numpy as np
import pytest

from harness.errors import ComparisonError
from harness.inputs.document import conclusion, inputs_document
from harness.inputs.prompts import Prompts
from harness.inputs.shifted import Likely, compare_prompts
from harness.report.render.text import TextRenderer

WORDS = ["pod", "node", "service", "deploy", "restart", "volume", "secret", "config", "map", "log"]


def prompts(seed, items=60, words=WORDS, lengths=(4, 9), path="x.txt"):
    rng = np.random.default_rng(seed)
    texts = tuple(" ".join(rng.choice(words, rng.integers(*lengths))) for _ in range(items))
    return Prompts(path=path, sha256="0" * 64, texts=texts)


def test_the_same_prompts_are_no_shift():
    found = compare_prompts(prompts(1), prompts(1))
    assert not found.look_again
    assert found.repeated == found.new_prompts == 60
    assert "No need to look again by these measures: 60 new prompts" in conclusion(found)


def test_other_words_are_found_and_named():
    found = compare_prompts(prompts(1), prompts(2, words=[*WORDS[:5], "Tax!", "bond", "equity"]))
    assert found.moved == ("unigrams", "bigrams")
    assert set(found.more_frequent[:3]) == {"tax", "bond", "equity"}
    assert "Look again: " in conclusion(found)
    assert "differ in unigrams, bigrams by more than the old ones differ among themselves" in conclusion(found)


def test_longer_prompts_of_the_same_words_differ_in_length_alone():
    found = compare_prompts(prompts(1), prompts(2, lengths=(9, 16)))
    assert found.moved == ("length",)
    assert found.measures[0].new == pytest.approx(found.measures[0].old + found.measures[0].shift.estimate)


def test_what_a_base_makes_of_them_shares_the_error_rate():
    rng = np.random.default_rng(3)
    bits = {"old_bits": rng.normal(1, 0.1, 60), "new_bits": rng.normal(1.5, 0.1, 60)}
    tokens = rng.integers(5, 9, (2, 60)).astype(float)
    likely = Likely(model="tiny", old_tokens=tokens[0], new_tokens=tokens[1], **bits)
    found = compare_prompts(prompts(1), prompts(4), likely=likely)
    assert found.moved == ("likelihood",)
    assert {each.shift.alpha for each in found.measures} == {0.05 / 5}
    assert "tokens and bits a byte are those of tiny." in TextRenderer().render(inputs_document(found))


def test_a_seed_decides_what_is_drawn():
    first, again, other = (compare_prompts(prompts(1), prompts(2), seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.measures != other.measures


def test_prompts_without_words_and_an_impossible_rate_are_refused():
    without = Prompts(path="x", sha256="", texts=("?",) * 12)
    with pytest.raises(ComparisonError, match="no prompt has 1 words in a row"):
        compare_prompts(without, without)
    with pytest.raises(ComparisonError, match="alpha is nan: an error rate lies between 0 and 1"):
        compare_prompts(prompts(1), prompts(1), alpha=float("nan"))
