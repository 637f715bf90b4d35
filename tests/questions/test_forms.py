import pytest

from harness.questions import forms
from harness.questions.manuals.pages import Entry
from harness.questions.splitting import even
from helpers.pages import page


@pytest.mark.parametrize("form", forms.FORMS.values(), ids=forms.FORMS)
def test_every_form_yields_fair_items_twice_the_same(form):
    pages = [page(), page("Valve"), page("Boiler"), page("Filter")]
    items = list(form(pages))
    assert items == list(form(pages))
    for item in items:
        assert len(item.choices) == 4
        assert item.cluster in {each.cluster for each in pages}
        assert item.right.casefold() not in item.question.casefold().split()


def test_name_form_asks_for_the_entry_described():
    items = {item.right: item for item in forms.name([page()])}
    assert items["flowRate"].question == (
        'Which field of the machine Pump does this describe: "How many litres move through it in a minute."'
    )
    assert "motorSpec" not in items or "motorSpec" not in items["motorSpec"].question


def test_name_form_offers_no_entry_that_is_described_alike():
    twin = Entry(name="litres", text="How many litres move through it in a minute.")
    items = forms.name([page(entries=(*page().entries, twin))])
    asked = {item.right: item.choices for item in items}
    assert "litres" not in asked["flowRate"]
    assert "flowRate" not in asked["litres"]


def test_description_form_never_names_the_entry_in_the_answer():
    answers = {item.question: item.right for item in forms.description([page()])}
    assert answers["What does the field warmUp of the machine Pump do?"].startswith("Whether the motor idles")
    assert not any("motorSpec" in question for question in answers)


def test_type_form_asks_one_question_a_name_and_type():
    pages = [page(), page("Valve")]
    assert len(list(forms.type_(pages))) == len(page().entries)


def test_even_types_leave_none_commoner_than_asked():
    items = list(forms.type_([page(), page("Valve", entries=(Entry(name="depth", text=None, type="integer"),))]))
    assert sorted(item.right for item in even(items, 1)) == sorted({item.right for item in items})


def test_holder_form_leaves_out_names_that_several_objects_have():
    other = page("Valve", entries=(Entry(name="bore", text=None), Entry(name="parts", text=None)))
    pages = [page(), other, page("Boiler", entries=()), page("Filter", entries=())]
    asked = {item.question: item.right for item in forms.holder(pages)}
    assert asked["Which machine has the field bore?"] == "Valve"
    assert "Which machine has the field parts?" not in asked


def test_required_form_needs_one_required_and_three_optional_fields():
    (item,) = forms.required([page()])
    assert item.right == "flowRate"
    assert set(item.choices) == {"flowRate", "inletSeal", "warmUp", "serviced"}


def test_default_form_takes_wrong_options_of_the_same_shape():
    stated = [Entry(name=f"n{value}", text=None, default=value) for value in ("1", "3", "10", "30", "TCP", "50%")]
    items = list(forms.default([page(entries=tuple(stated))]))
    assert {item.right for item in items} == {"1", "3", "10", "30"}
    assert all(choice.isdigit() for item in items for choice in item.choices)
