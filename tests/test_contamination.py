import pytest

from harness.contamination import Passage, hits

FACT = "the maximum number of pods that can be unavailable during the update of a set"


def passage(identity, fact, whole=None, suite="exam"):
    return Passage(identity, whole or fact, fact, suite)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (FACT, "exact"),
        (FACT.upper() + "!", "exact"),
        (f"As we know, {FACT}, and so on for a while.", "run"),
        ("number of pods that can be unavailable while the update of a set", "near"),
    ],
)
def test_a_row_that_gives_an_item_away_is_a_hit(row, kind):
    (hit,) = hits(
        [passage("r", row)], [passage("i", FACT), passage("other", "something else altogether is asked here")]
    )
    assert (hit.suite, hit.item, hit.row, hit.kind) == ("exam", "i", "r", kind)
    assert "training row r" in str(hit)
    assert "exam item i" in str(hit)


@pytest.mark.parametrize(
    ("row", "item"),
    [
        ("Le CAF\u00c9 est servi", "le cafe\u0301 est servi"),
        ("the o\ufb03ce is o\ufb00", "the office is off"),
        ("\uff30\uff2f\uff24\uff33 are up", "pods are up"),
        ("pods\u200b are\u00a0up", "pods are up"),
        ("МОСКВА — столица", "москва столица"),
        ("今天天气很好。", "今天天气很好"),
    ],
)
def test_case_marks_accents_and_invisible_signs_hide_no_copy(row, item):
    assert [hit.kind for hit in hits([passage("r", row)], [passage("i", item)])] == ["exact"]


@pytest.mark.parametrize(
    ("row", "item"), [("今天天气很好", "他是一名医生"), ("Москва", "Париж"), ("+++", "---"), ("", "")]
)
def test_texts_without_latin_letters_or_without_any_are_not_taken_for_one_another(row, item):
    assert list(hits([passage("r", row)], [passage("i", item)])) == []


def test_a_run_of_ideographs_is_found_inside_a_longer_row():
    (hit,) = hits([passage("r", "昨天他说今天天气很好我们去公园玩")], [passage("i", "今天天气很好我们去公园")])
    assert hit.kind == "run"


def test_a_question_copied_word_for_word_is_a_hit_where_the_fact_is_short():
    question = "What type has the field hostPort of the object ContainerPort?"
    document = {"source": "hostPort integer", "question": question}
    item = Passage.of("i", f"Question: {question}\nAnswer: integer", document, "exam")
    other = "What type has the field hostIP of the object ContainerPort?"
    assert [hit.kind for hit in hits([passage("r", f"Q: {question} A: integer, I think")], [item])] == ["run"]
    assert list(hits([passage("r", f"Q: {other} A: string, I think")], [item])) == []


def test_items_that_share_an_id_are_both_compared():
    items = [passage("1", FACT), passage("1", "something else altogether is asked here")]
    assert len(list(hits([passage("r", FACT)], items))) == 1
    assert len(list(hits([passage("r", FACT)], items[::-1]))) == 1


def test_rows_that_share_words_but_no_fact_are_clean():
    rows = ["the maximum number of nodes that a cluster has", "pods that can be made during the night", "", "update"]
    assert not list(hits([passage(str(n), row) for n, row in enumerate(rows)], [passage("i", FACT)]))


def test_templates_are_no_leak_where_documents_state_their_facts():
    def asked(name, kind):
        question = f"What type has the field {name} of the object of that name in the manual?"
        return Passage.of(name, f"{question} {kind}", {"source": f"{name} {kind}"}, "exam")

    assert not list(hits([asked("size", "integer")], [asked("colour", "string")]))
    assert [hit.kind for hit in hits([asked("size", "integer")], [asked("size", "integer")])] == ["exact"]


def test_a_document_without_a_source_is_compared_as_it_is_rendered():
    assert Passage.of("x", "Question: why? Answer: so", {}).fact == "Question: why? Answer: so"


def test_items_of_two_suites_may_share_an_id():
    items = [passage("1", FACT, suite="a"), passage("1", FACT, suite="b")]
    found = [(hit.suite, hit.item) for hit in hits([passage("r", FACT)], items)]
    assert sorted(found) == [("a", "1"), ("b", "1")]
