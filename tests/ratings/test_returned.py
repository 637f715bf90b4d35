"""What raters gave back is read as they may have written it, and everything that is wrong is said at once."""

import pytest

from harness.errors import ComparisonError
from harness.ratings.marks import COLUMNS
from harness.ratings.returned import read_returned


def refused(files, key):
    with pytest.raises(ComparisonError) as caught:
        read_returned(files, key)
    return str(caught.value).splitlines()


def test_marks_are_read_as_numbers_and_what_is_left_out_is_not_there(exported, saved):
    first, second = exported.key.pairs[:2]
    given = {
        first.pair: {"right_a": "1.0", "coherence_b": "", "preference": " EQUAL "},
        second.pair: dict.fromkeys(("right_a", "right_b", "coherence_a", "coherence_b", "preference"), ""),
    }
    (ana,) = read_returned([saved(marks=lambda pair: given.get(pair.pair, {}))], exported.key)
    assert (ana.name, ana.expertise) == ("Ana", "specialist")
    assert ana.marks[first.pair] == {"right_a": 1.0, "right_b": 0.0, "coherence_a": 4.0, "preference": 0.5}
    assert len(ana.marks) == len(exported.key.pairs) - 1


def test_who_fills_in_the_sheet_signs_it_once(exported, saved):
    first = exported.key.pairs[0].pair
    path = saved(columns=COLUMNS, marks=lambda pair: {} if pair.pair == first else {"rater": "", "expertise": ""})
    (ana,) = read_returned([path], exported.key)
    assert (ana.name, ana.expertise, len(ana.marks)) == ("Ana", "specialist", 12)


def test_raters_are_in_the_order_of_their_names_whatever_the_order_of_files(exported, saved):
    files = [saved("ben"), saved("Ana"), saved("Zoe")]
    names = ["Ana", "ben", "Zoe"]
    assert [each.name for each in read_returned(files, exported.key)] == names
    assert read_returned(files[::-1], exported.key) == read_returned(files, exported.key)


def test_everything_that_is_wrong_in_all_files_is_said_with_its_place(exported, saved, tmp_path):
    pairs = [each.pair for each in exported.key.pairs]
    wrong = {
        pairs[0]: {"pair": "p999-00000000"},
        pairs[1]: {"right_a": "yes", "coherence_b": 6},
        pairs[2]: {"preference": "C"},
        pairs[4]: {"pair": pairs[3]},
    }
    ana = saved(marks=lambda pair: wrong.get(pair.pair, {}))
    again = saved("ana", file="again.csv")
    ben = saved("Ben", expertise="wizard")
    zoe = saved("Zoe", expertise="")
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("pair;rater;expertise\n")
    said = "\n".join(refused([ana, again, ben, zoe, foreign, tmp_path / "absent.csv"], exported.key))
    for expected in (
        f"{ana}:2: 'p999-00000000'",
        f"right is 0 or 1, or empty where a rater cannot tell ({ana}:3: right_a is 'yes')",
        f"coherence is 1, 2, 3, 4 or 5, or empty where a rater cannot tell ({ana}:3: coherence_b is '6')",
        f"preference is A, B or equal, or empty where a rater cannot tell ({ana}:4: preference is 'C')",
        f"pairs twice of one rater ({ana}:6: {pairs[3]} of 'Ana' is at {ana}:5)",
        f"'Ana' in {ana} and in {again}",
        f"there are none, student, practitioner, specialist ({ben}:2: 'wizard')",
        f"'Zoe' in {zoe}",
        f"{foreign} lacks the column pair, rater, expertise, right_a",
        "has columns that no sheet has, 'pair;rater;expertise'",
        f"{tmp_path / 'absent.csv'} cannot be read",
    ):
        assert expected in said


def test_a_file_of_several_raters_names_them_in_every_row(exported, saved):
    first, second = (each.pair for each in exported.key.pairs[:2])
    path = saved(marks=lambda pair: {first: {"rater": "Ben"}, second: {"rater": ""}}.get(pair.pair, {}))
    assert refused([path], exported.key) == [f"1 rows without a rater, where the file has none or several ({path}:3)."]


def test_one_rater_has_one_expertise(exported, saved):
    first = exported.key.pairs[0].pair
    path = saved(marks=lambda pair: {"expertise": "student"} if pair.pair == first else {})
    assert f"student ({path}:2) and specialist ({path}:3)" in refused([path], exported.key)[0]


def test_a_file_without_rows_is_said(exported, saved, tmp_path):
    path = saved()
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert refused([path], exported.key) == [f"{path} has no rows."]
