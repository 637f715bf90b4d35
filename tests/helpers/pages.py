"""A small manual that the tests of forms and builders share."""

from harness.questions.manuals.pages import Entry, Page


def page(name="Pump", **changes):
    """Return a page of six entries; two require nothing, one states a default."""
    entries = (
        Entry(name="flowRate", text="How many litres move through it in a minute.", type="integer", required=True),
        Entry(name="inletSeal", text="The gasket between the pipe and the housing.", type="string", required=False),
        Entry(name="warmUp", text="Whether the motor idles before it takes load.", type="boolean", required=False),
        Entry(name="serviced", text="When somebody last opened the housing.", type="timestamp", required=False),
        Entry(name="parts", text="What it is made of, from the shaft to the screws.", type="list of strings"),
        Entry(name="motorSpec", text="The motorSpec says how the motor turns the shaft.", type="structure"),
    )
    given = {"name": name, "noun": "field", "of": f"of the machine {name}", "kind": "machine", "cluster": name}
    return Page(**{**given, "entries": entries, **changes})
