"""Entries of MAVLink's definition files, on a small file of the same shape."""

from harness.questions.manuals import mavlink

XML = """<mavlink><enums><enum name="FTP_OPCODE">
<entry name="FTP_OPCODE_READFILE"><description>ReadFile: Reads bytes from an offset in a session</description></entry>
<entry name="FTP_OPCODE_LIST"><description>This field is only present for page 0. And more of it.</description></entry>
<entry name="FTP_OPCODE_OLD"><description>Deprecated, use another one of these.</description></entry>
<entry name="FTP_OPCODE_NOTE"><description>Roll: 90 degrees, pitch nothing at all</description></entry>
<entry name="FTP_OPCODE_BURST"><description>Reads much at a time in a session.</description></entry>
</enum></enums><messages/></mavlink>"""


def test_a_description_is_bare_of_its_own_name_and_tells_what_an_entry_is(tmp_path):
    folder = tmp_path / "pymavlink/dialects/v20"
    folder.mkdir(parents=True)
    for name in ("minimal", "standard", "common", "ardupilotmega"):
        (folder / f"{name}.xml").write_text(XML)
    (page,) = mavlink.read(tmp_path)
    assert {entry.name: entry.text for entry in page.entries} == {
        "FTP_OPCODE_READFILE": "Reads bytes from an offset in a session",
        "FTP_OPCODE_LIST": None,
        "FTP_OPCODE_NOTE": "Roll: 90 degrees, pitch nothing at all",
        "FTP_OPCODE_BURST": "Reads much at a time in a session.",
    }
