"""Where a cell is, and how long each stage took so far."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.execution.events import Body, StageEntered


@dataclass(slots=True)
class Clock:
    """Counts wall-clock seconds by stage and tells of each stage that is entered; the first is ``start``."""

    tell: Callable[[Body], None]
    stage: str = "start"
    since: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def enter(self, stage: str) -> None:
        """Close the stage that was, and say which one begins; of ``evaluate k8s_qa`` the first word is counted."""
        now = time.perf_counter()
        self.add(self.stage.split()[0], now - self.since)
        self.stage, self.since = stage, now
        self.tell(StageEntered(stage))

    def so_far(self) -> dict[str, float]:
        """Return the seconds of each stage until now, with those of the one that goes on."""
        stage, now = self.stage.split()[0], time.perf_counter()
        return {**self.seconds, stage: self.seconds.get(stage, 0.0) + now - self.since}

    def credit(self, stage: str, seconds: float) -> None:
        """Count seconds of the stage that is as another's."""
        if seconds:
            self.add(stage, seconds)
            self.since += seconds

    def add(self, stage: str, seconds: float) -> None:
        """Count seconds of a stage, of an earlier start too."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
