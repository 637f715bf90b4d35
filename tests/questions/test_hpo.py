"""The ontology's file as it is read: which synonyms say what a name says, and how names stand in a text."""

import pytest

from harness.questions.hpo import in_a_sentence, read_ontology

OBO = """format-version: 1.2
data-version: hp/releases/2025-01-16
synonymtypedef: layperson "layperson term"

[Term]
id: HP:0000001
name: All
synonym: "Everything" EXACT []

[Term]
id: HP:0000002
name: Microcephaly
synonym: "Small head" EXACT layperson [PMID:1]
synonym: "small head" EXACT []
synonym: "microcephaly" EXACT []
synonym: "Tiny skull" EXACT [] {comment="said once"}
synonym: "Small skulls" EXACT plural_form []
synonym: "MC" EXACT abbreviation []
synonym: "Shrunken head" EXACT obsolete_synonym []
synonym: "Head trouble" BROAD layperson []
synonym: "Short face" RELATED []
synonym: "Round thing" EXACT []
is_a: HP:0000001 ! All

[Term]
id: HP:0000003
name: Round thing
is_a: HP:0000001 ! All

[Term]
id: HP:0000004
name: Gone
synonym: "Tiny skull" EXACT []
is_obsolete: true
"""


@pytest.fixture
def ontology(tmp_path):
    (tmp_path / "hp.obo").write_text(OBO, "utf-8")
    return read_ontology(tmp_path / "hp.obo")


def test_synonyms_are_exact_and_stand_for_one_term(ontology):
    assert ontology.synonyms == {
        "HP:0000001": ("Everything",),
        "HP:0000002": ("small head", "Tiny skull", "Small skulls"),
    }


def test_terms_are_read_beside_their_synonyms(ontology):
    assert ontology.release == "2025-01-16"
    assert ontology.names == {"HP:0000001": "All", "HP:0000002": "Microcephaly", "HP:0000003": "Round thing"}
    assert ontology.above("HP:0000003") == {"HP:0000001", "HP:0000003"}


def test_a_name_inside_a_sentence_begins_small_and_an_abbreviation_does_not():
    assert [in_a_sentence(name) for name in ("Small head", "EEG abnormality", "")] == [
        "small head",
        "EEG abnormality",
        "",
    ]
