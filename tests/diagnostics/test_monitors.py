"""A training looked at on the way: known ranks, losses and gradients, and signs of what was provoked."""

from types import SimpleNamespace

import pytest
import torch

from harness.codec import decode, encode
from harness.diagnostics import Probes
from harness.diagnostics.monitors import Monitors, gradient_norm, loss
from harness.diagnostics.signs import Limits, signs
from harness.measured import EarlyWarning, Look, Monitored
from harness.methods.adapt import adapt
from harness.spec.records import Layers, Recipe
from harness.testing.diagnostics import DiagnosticContract
from harness.testing.tiny import tiny_batches
from helpers.changed import subject_of

FULL = Recipe(method="full", name="two", layers=Layers(strategy="list", indices=(1,)))
LORA = Recipe(
    method="lora",
    name="four",
    peft={"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "target_modules": "all-linear"},
)


BATCH = next(tiny_batches())


def watched(model, recipe, folder, change=lambda model: None, **options):
    """Follow a training of one step that is `change`."""
    diagnostic = Monitors(every=1, **options)
    diagnostic.begin(recipe, recipe, Probes(held_out=BATCH))
    diagnostic.before(model, BATCH)
    adapted = adapt(model, recipe, seed=0)
    with torch.no_grad():
        change(adapted.model)
    diagnostic.during(adapted.model, 1)
    return decode(
        Monitored, diagnostic.after(subject_of(adapted, folder, SimpleNamespace(steps=1, best_step=None))).details
    )


def plant(rank):
    def change(model):
        for name, weight in model.named_parameters():
            if "lora_A" in name:
                weight.copy_(torch.linalg.qr(torch.randn(weight.shape[1], 4)).Q.T)
            if "lora_B" in name:
                weight.copy_(0.01 * torch.linalg.qr(torch.randn(weight.shape[0], 4)).Q)
                weight[:, rank:] = 0

    return change


@pytest.mark.parametrize(("rank", "warned"), [(4, []), (1, ["rank"])])
def test_a_planted_rank_is_seen_and_a_collapsed_one_is_warned_of(build, tmp_path, caplog, rank, warned):
    found = watched(build(), LORA, tmp_path, plant(rank))
    assert found.declared == 4
    assert found.looks[-1].rank == pytest.approx(rank, rel=1e-4)
    assert [each.sign for each in found.warnings] == warned
    assert [record.args[:2] for record in caplog.records] == [("lora--four", 1)] * len(warned)
    assert all("Raise r" in each.remedy for each in found.warnings)


def test_in_an_identical_model_only_the_gradient_is_not_zero(build, tmp_path):
    found = watched(build(), FULL, tmp_path)
    before, after = found.looks
    assert before.train == after.train == before.held_out == after.held_out
    assert (after.gap, after.rank, found.warnings) == (0, None, ())
    assert after.gradient > 0


def test_the_gradient_is_that_of_backward(build):
    model = adapt(build(), FULL, seed=0).model
    norm = gradient_norm(model, BATCH)
    assert all(weight.grad is None for weight in model.parameters())
    model(**BATCH).loss.backward()
    grads = [weight.grad for weight in model.parameters() if weight.requires_grad]
    assert norm == pytest.approx(float(torch.nn.utils.get_total_norm(grads)), rel=1e-5)


def test_a_loss_that_is_no_number_is_not_said(build, tmp_path):
    model = build()

    def broken(model):
        for weight in model.parameters():
            if weight.requires_grad:
                weight.fill_(float("nan"))

    found = watched(model, FULL, tmp_path, broken)
    assert (found.looks[1].train, found.looks[1].gradient) == (None, None)
    assert loss(model, BATCH) is None


LIMITS = Limits()


def said(*looks, **more):
    more = {"declared": 8.0, "lower_is_better": frozenset()} | more
    numbered = [Look(step=10 * place, **look) for place, look in enumerate(looks)]
    return [(each.step, each.sign) for each in signs(numbered, LIMITS, **more)]


def test_a_training_that_goes_well_has_no_signs():
    losses = [(3.0, 3.1), (2.0, 2.3), (1.0, 2.2)]
    looks = [{"train": a, "held_out": b, "rank": 7.0, "gradient": 1.0, "guard": {"g": 0.5}} for a, b in losses]
    assert said(*looks) == []


def test_what_was_seen_and_said_is_taken_back_as_it_was():
    one, other = Monitors(), Monitors()
    said = EarlyWarning(step=2, sign="gap", seen="x", remedy="y")
    noted = {"declared": 2.0, "looks": encode([Look(step=2, train=0.5, guard={"q": 0.25})]), "said": encode([said])}
    one.restore(noted)
    other.restore(one.state())
    assert other.state() == noted


def test_overfitting_is_seen_when_the_held_out_loss_turns():
    losses = [(3.0, 3.1), (2.0, 2.3), (1.0, 2.4), (0.5, 2.6)]
    assert said(*({"train": a, "held_out": b} for a, b in losses)) == [(30, "gap")]
    together = [(3.0, 3.1), (2.0, 2.1), (3.0, 3.1)]
    assert said(*({"train": a, "held_out": b} for a, b in together)) == []


@pytest.mark.parametrize(
    ("scores", "lower", "expected"),
    [
        ((0.50, 0.49, 0.45), (), [(20, "guard")]),
        ((0.50, 0.52, 0.60), (), []),
        ((2.00, 2.01, 2.10), ("g",), [(20, "guard")]),
    ],
)
def test_forgetting_is_seen_in_the_metrics_own_direction(scores, lower, expected):
    looks = [{"guard": {"g": each}} for each in scores]
    assert said(*looks, lower_is_better=frozenset(lower)) == expected


def test_a_gradient_that_explodes_is_said_once():
    looks = [{"gradient": each} for each in (None, 1.0, 1.2, 15.0, None)]
    assert said(*looks) == [(30, "gradient")]


class TestContract(DiagnosticContract):
    @pytest.fixture(params=[{}, {"rows": 0, "items": 0}], ids=["all", "least"])
    def make(self, request):
        return lambda: Monitors(every=2, **request.param)


@pytest.mark.parametrize(("outside", "signs_seen"), [(None, []), (0.05, ["outside"]), (0.5, [])])
def test_a_loss_out_of_domain_is_a_sign_where_it_is_looked_for(build, tmp_path, outside, signs_seen):
    asked = []

    def score(model, role):
        asked.append(role)
        return {role: 0.7 if len(asked) <= 2 else 0.6}

    diagnostic = Monitors(every=1, rows=0, guard=0.2, outside=outside)
    diagnostic.begin(FULL, FULL, Probes(score=score))
    model = build()
    diagnostic.before(model, BATCH)
    adapted = adapt(model, FULL, seed=0)
    diagnostic.during(adapted.model, 1)
    trained = SimpleNamespace(steps=1, best_step=None)
    found = decode(Monitored, diagnostic.after(subject_of(adapted, tmp_path, trained)).details)
    assert [each.sign for each in found.warnings] == signs_seen
    assert set(asked) == ({"guard"} if outside is None else {"guard", "out_of_domain"})
    assert diagnostic.asks_for().roles == tuple(dict.fromkeys(asked))
    assert all("Mix in rows of another domain" in each.remedy for each in found.warnings)
