"""What a comparison ends with: frozen records of plain values, and their JSON. Import from here."""

from harness.verdict.records.factors import FactorEffect, FactorGrade, FactorInteraction, FactorRating, RankGrowth
from harness.verdict.records.gains import AccuracyLevel, ControlShare, DeclaredMargin, GainShare, PlaceboGain
from harness.verdict.records.gaps import GapComparison, PersistenceComparison, SeedPoint
from harness.verdict.records.looks import Look, Looks
from harness.verdict.records.recommendation import NotWorse, Prospect, Recommendation
from harness.verdict.records.verdicts import FORMAT, Failures, Verdicts

__all__ = (  # noqa: RUF022 - in the order in which the reference shows them
    "FORMAT",
    "SeedPoint",
    "PersistenceComparison",
    "GapComparison",
    "GainShare",
    "ControlShare",
    "AccuracyLevel",
    "DeclaredMargin",
    "PlaceboGain",
    "FactorEffect",
    "FactorInteraction",
    "FactorRating",
    "FactorGrade",
    "RankGrowth",
    "Failures",
    "Look",
    "Looks",
    "NotWorse",
    "Prospect",
    "Recommendation",
    "Verdicts",
)
