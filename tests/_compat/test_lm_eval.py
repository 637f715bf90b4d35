import lm_eval.utils

from harness._compat.lm_eval import prepare_templates


def test_a_template_is_compiled_once_and_rendered_the_same():
    prepare_templates()
    kept = lm_eval.utils.env.from_string
    prepare_templates()
    assert lm_eval.utils.env.from_string is kept
    assert kept("{{question}} =") is kept("{{question}} =")
    assert lm_eval.utils.apply_template("{{question}} =", {"question": "1 + 1"}) == "1 + 1 ="
