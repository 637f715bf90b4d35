from harness.questions.builders import general_text

PLAIN = "A pump that moves forty litres of water in a minute was built by three brothers in a small town by the sea"


def built(tmp_path, *lines):
    (tmp_path / "randfacts").mkdir(parents=True)
    (tmp_path / "randfacts" / "safe.txt").write_text("\n".join(lines), "utf-8")
    return general_text.build(tmp_path)["test"]


def test_short_foreign_titled_and_repeated_lines_are_left_out(tmp_path):
    lines = [PLAIN, "Too short.", f"{PLAIN}.", PLAIN.title(), PLAIN.replace("pump", "pümp"), PLAIN * 3]
    (prose,) = built(tmp_path, *lines)
    assert prose.text.rstrip(".") == PLAIN
    assert prose.document() == {"id": prose.id, "form": "text", "cluster": prose.id, "text": prose.text}


def test_the_order_depends_on_the_texts_alone(tmp_path):
    other = "Nobody in that village had ever seen such a machine, and so all of them came to look at it that very day"
    one = built(tmp_path / "a", PLAIN, other)
    two = built(tmp_path / "b", other, PLAIN)
    assert one == two
    assert len(one) == 2
