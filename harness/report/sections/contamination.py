"""What the contamination check compared, in one line."""

from harness.records import Screening


def contamination_text(screening: Screening) -> str:
    """Return the line; a check that found something is no record but an error."""
    suites = " and ".join(", ".join(screening.items).rsplit(", ", 1)) or "no suite"
    line = (
        f"contamination: {screening.rows:,} training rows compared with {sum(screening.items.values()):,} items of "
        f"{suites}: {screening.hits} given away"
    )
    return f"{line}; not {', '.join(screening.exempt)}, declared as recall" if screening.exempt else line
