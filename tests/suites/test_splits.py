from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.suites import splits


@st.composite
def questions(draw):
    widths = draw(st.lists(st.integers(2, 5), min_size=1, max_size=40))
    return [
        {
            "id": str(n),
            "cluster": f"page {n // draw(st.integers(1, 3))}",
            "choices": [f"option {n}.{place}" for place in range(width)],
            "answer": draw(st.integers(0, width - 1)),
        }
        for n, width in enumerate(widths)
    ]


@given(questions())
@settings(deadline=None, max_examples=60)
def test_the_right_answer_stands_everywhere_as_often_and_stays_the_right_one(documents):
    turned = splits.rotated(documents)
    assert turned == splits.rotated(documents)
    for before, after in zip(documents, turned, strict=True):
        assert after["choices"][after["answer"]] == before["choices"][before["answer"]]
        assert sorted(after["choices"]) == sorted(before["choices"])
    for width in {len(document["choices"]) for document in turned}:
        counts = Counter(each["answer"] for each in turned if len(each["choices"]) == width)
        assert max(counts.values()) - min(counts[place] for place in range(width)) <= 1


@given(questions(), st.integers(0, 5))
@settings(deadline=None, max_examples=60)
def test_whole_clusters_are_dealt_and_every_split_has_one(documents, seed):
    found = splits.dealt(documents, seed)
    assert found == splits.dealt(documents, seed)
    clusters = [{document["cluster"] for document in each} for each in found.values()]
    assert sum(map(len, clusters)) == len(set().union(*clusters))
    assert sum(map(len, found.values())) == len(documents)
    few = len({document["cluster"] for document in documents}) < 3
    assert set(found) == ({"test"} if few else {"train", "validation", "test"})
    assert all(found.values())


def test_texts_have_nothing_to_rotate():
    assert splits.rotated([{"id": "1", "cluster": "1", "text": "SSH"}]) == [{"id": "1", "cluster": "1", "text": "SSH"}]
