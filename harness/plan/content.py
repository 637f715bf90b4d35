"""What an experiment's numbers come from, as a record: made in preflight, read by whoever needs an identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """SHA-256 digests of content, or of a declaration where a plan could not look at the content.

    `model` is of what fixes the weights, `tokenizer` of the tokenizer with its chat template, `rows` of the rendered
    training rows, `validation` of the rows that decide about training (None where nothing is decided), `margin` of what
    a search scores of them (None where the loss alone decides), `suites` of each suite's rendered requests, documents
    and scoring code, by task; `controls` are the same with the examples of a control, by
    `harness.plan.identity.control_suite`. `stages` are the rows of stages that have data of their own and of recipes
    that change the rows, and `stage_validation` those that decide there, by `harness.plan.identity.rows_key`. `ranking`
    are rows that layers are ranked by where these are not those that train, by `harness.plan.identity.data_key`.
    `weights` are those of models that were trained elsewhere, by `harness.spec.existing.Weights.key`.
    """

    model: str
    tokenizer: str
    rows: str
    validation: str | None = None
    margin: str | None = None
    stages: Mapping[str, str] = field(default_factory=dict)
    stage_validation: Mapping[str, str] = field(default_factory=dict)
    ranking: Mapping[str, str] = field(default_factory=dict)
    suites: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
