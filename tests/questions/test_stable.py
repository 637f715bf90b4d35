from harness.questions import stable


def test_stable_order_depends_on_the_salt_alone():
    values = [str(number) for number in range(20)]
    assert stable.order(values, "a") == stable.order(reversed(values), "a")
    assert stable.order(values, "a") != stable.order(values, "b")
    assert 0 <= stable.share("x") < 1
