"""A tokenizer's files and the code that scores change a digest; what they are called and remarks do not."""

import importlib
import json
import shutil
import sys
from pathlib import Path

from transformers import AutoTokenizer

from harness.preflight.digests import code_sha256, tokenizer_sha256


def test_a_file_of_the_tokenizer_counts(tiny_model, tmp_path):
    copy = Path(shutil.copytree(tiny_model["tokenizer"], tmp_path / "copy"))
    whole = tokenizer_sha256(AutoTokenizer.from_pretrained(copy))
    assert tokenizer_sha256(AutoTokenizer.from_pretrained(tiny_model["tokenizer"])) == whole
    rules = json.loads((copy / "tokenizer.json").read_text())
    vocabulary = rules["model"]["vocab"]
    one, other = sorted(vocabulary)[40:42]
    vocabulary[one], vocabulary[other] = vocabulary[other], vocabulary[one]
    (copy / "tokenizer.json").write_text(json.dumps(rules))
    changed = tokenizer_sha256(AutoTokenizer.from_pretrained(copy))
    assert changed != whole
    tokenizer = AutoTokenizer.from_pretrained(copy)
    tokenizer.chat_template = "{{ messages[0].content }}"
    assert tokenizer_sha256(tokenizer) != changed


def test_the_code_of_modules_that_scoring_imports_counts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "tiny_scores.py").write_text("from tiny_helper import best\n\nscored = best\ndef f(): return best(1)\n")
    found = []
    for body in ("return 1", "return 2", "return 2  # a remark"):
        (tmp_path / "tiny_helper.py").write_text(f"def best(results):\n    {body}\n")
        for name in ("tiny_helper", "tiny_scores"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        found.append(code_sha256(importlib.import_module("tiny_scores").f))
    assert found[0] != found[1]
    assert found[1] == found[2]
