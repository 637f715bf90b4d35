"""The head of a page that works offline: nothing is fetched, and no script runs but the page's own."""

from importlib import resources

from harness.report.render.escape import escape, source_of

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src '{allowed}'; base-uri 'none'; form-action 'none'">
<meta name="generator" content="harness">
{notes}<title>{title}</title>
<style>{css}</style>
</head>"""


def page_head(title: str, *, css: str, script: str, notes: str = "") -> str:
    """Return everything before the body of a page with that style and script; `notes` are more lines of HTML."""
    return _HEAD.format(title=escape(title), css=css, allowed=source_of(script), notes=notes)


def asset(package: str, name: str) -> str:
    """Return a style or a script that lies in a package's `assets`."""
    return resources.files(package).joinpath("assets", name).read_text(encoding="utf-8")
