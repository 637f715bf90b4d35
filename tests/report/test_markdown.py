"""Markdown for a pull request: nothing from data becomes a heading, a link or HTML."""

import pytest

from harness.report.document import Command, Document, Finding, Interval, Notice, Number, Prose, Section, Table
from harness.report.render.markdown import MarkdownRenderer, escape


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("lora--last-half on k8s_qa", "lora--last-half on k8s_qa"),
        ("a|b", r"a\|b"),
        ("<script>", r"\<script\>"),
        ("[text](https://example.org)", r"\[text](https://example.org)"),
        ("*bold* _it_ `code`", r"\*bold\* \_it\_ \`code\`"),
        ("\x1b[31m", r"\\u001b\[31m"),
    ],
)
def test_text_is_shown_as_it_is(given, shown):
    assert escape(given).replace("\\\\u001b", "\\\\u001b") == shown


def test_every_block_has_its_form():
    gap = Interval(estimate=1.0, low=0.5, high=1.5, form="{:.1f}")
    table = Table(
        headers=("recipe", ("gap", "[interval]")),
        rows=(("a", gap), (("b", "c"), None), ("", Number(value=2.0, form="{:.0f}"))),
        title="Gaps",
        notes=("a note",),
    )
    document = Document(
        (
            Prose("first\nsecond"),
            Section(
                name="s",
                title="Found",
                blocks=(
                    Notice("a doubt"),
                    table,
                    Finding(title="a: PERSISTS", lines=("it does",)),
                    Command(line="harness ls", does="Lists runs:"),
                ),
            ),
        ),
        "gap",
    )
    assert MarkdownRenderer().render(document) == (
        "# gap\n\nfirst  \nsecond\n\n## Found\n\n> a doubt\n\nGaps\n\n| recipe | gap \\[interval] |\n| --- | ---: |\n"
        "| a | 1.0 \\[0.5, 1.5] |\n| b<br>c | – |\n|  | 2 |\n\na note\n\n**a: PERSISTS**\n\nit does\n\n"
        "Lists runs:\n\n```sh\nharness ls\n```"
    )
