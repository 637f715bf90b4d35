"""A page in a real browser: no error, nothing fetched, nothing that keeps a reader out, at a desk and on a phone.

Chromium is the system's. Where it is not installed these tests say that they were skipped; CI sets HARNESS_BROWSER, and
there that is a failure.
"""

import os
import shutil
from pathlib import Path

import pytest

import harness
from harness.compare.questions import ArmAnswers, Question
from harness.ledger.files import write_text
from harness.ratings.export import export
from harness.ratings.key import read_key
from harness.ratings.returned import read_returned
from harness.report.document import Document, Items, Section
from harness.report.render.html import HtmlRenderer
from helpers.generated import answer, spec_of
from helpers.runs import scored_run

HOSTILE = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"> \x1b[31m </script>"
VIEWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def browser():
    """Return Chromium, started once for all tests here."""
    place = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    asked = os.environ.get("HARNESS_BROWSER") == "1"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if sync_playwright is None or place is None:
        lacking = "playwright is" if sync_playwright is None else "Chromium is"
        (pytest.fail if asked else pytest.skip)(f"{lacking} not installed: the page was not looked at in a browser")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser):
    """Return a function that opens a page of a file, and notes what goes wrong."""
    contexts = []

    def opened(file, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.wrong = []
        page.on("console", lambda said: page.wrong.append(said.text))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith("file:") else page.wrong.append(asked.url))
        page.goto(Path(file).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def hostile(tiny_spec, tmp_path):
    """A run whose questions try to be something else."""
    return scored_run(tmp_path / "run", tiny_spec, items=12, gap=0.2, question=HOSTILE)


@pytest.mark.pictures
def test_it_opens_without_an_error_fetches_nothing_and_keeps_nobody_out(hostile, opened):
    from axe_playwright_python.sync_playwright import Axe

    harness.report(hostile.folder)
    for width, scheme in VIEWS:
        page = opened(hostile.folder / "report.html", width, scheme)
        assert page.wrong == []
        assert page.title() == "tiny"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS] == []


def test_questions_are_searched_and_opened_with_the_keyboard_and_shown_as_they_are(hostile, opened):
    harness.report(hostile.folder)
    page = opened(hostile.folder / "report.html")
    box = page.locator("#items-sums")
    assert box.locator("details").count() == 12
    box.get_by_label("Search").fill("no such word")
    assert box.locator("details").count() == 0
    box.get_by_label("Search").fill("<SCRIPT>")
    first = box.locator("summary").first
    assert "<script>document.title='taken'</script>" in first.inner_text()
    assert "\\u001b[31m" in first.inner_text()
    first.focus()
    page.keyboard.press("Enter")
    box.locator("details table").first.wait_for(state="visible")
    assert page.title() == "tiny"
    assert page.wrong == []


def test_two_thousand_questions_in_fifty_cells_fit_a_mail_and_are_shown_a_few_at_a_time(opened, tmp_path):
    recipes = [f"recipe-{k}" for k in range(10)]
    arms = {name: ArmAnswers(answers=("an answer of some words",) * 5, score=0.5, right=0.4) for name in recipes}
    questions = tuple(
        Question(
            text=f"What is asked in question {k}, which is as long as questions of this kind are?",
            options=tuple(f"an option of question {k}, the {n}th" for n in range(4)),
            target=f"an option of question {k}, the 0th",
            arms=arms,
            disagreement=0.0,
            suspect=False,
        )
        for k in range(2000)
    )
    blocks = (Section(name="q", title="Questions", blocks=(Items(name="items", metric="acc", questions=questions),)),)
    text = HtmlRenderer().render(Document(blocks, "large"))
    assert len(text.encode()) < 15 * 2**20
    write_text(tmp_path / "large.html", text)
    page = opened(tmp_path / "large.html")
    assert page.locator("details").count() == 40


def test_marks_on_a_page_for_raters_outlast_it_are_saved_as_a_file_and_read_again(opened, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    run = scored_run(tmp_path / "run", spec_of(tmp_path / "spec"), items=8, answer=answer)
    made = export(run, tmp_path / "raters", key=tmp_path / "key.json", items=3, seed=0)
    page = opened(made.page, 390)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS] == []
    pairs = page.locator(".pair")
    pairs.nth(0).get_by_label("1", exact=True).first.check()
    pairs.nth(1).get_by_label("equal").check()
    page.locator("#save").click()
    assert "Say who you are" in page.locator("#done").inner_text()
    page.get_by_label("Your name").fill('Ana "A", of <b>')
    page.get_by_label("Your expertise").select_option("specialist")
    page.reload()
    assert pairs.nth(1).get_by_label("equal").is_checked()
    with page.expect_download() as waited:
        page.locator("#save").click()
    saved = tmp_path / waited.value.suggested_filename
    waited.value.save_as(saved)
    (ana,) = read_returned([saved], read_key(made.key))
    assert (ana.name, ana.expertise) == ('Ana "A", of <b>', "specialist")
    assert sorted(map(len, ana.marks.values())) == [1, 1]
    other = opened(made.page)
    other.locator("#open").set_input_files(saved)
    other.locator(".pair").nth(1).locator("input[value=equal]:checked").wait_for(state="attached")
    assert other.get_by_label("Your name").input_value() == 'Ana "A", of <b>'
    assert page.wrong == other.wrong == []
    assert "taken" not in (page.title(), other.title())
