"""What Mien is to reach beside MediaPipe, and whether it did in this run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .accuracy import AccuracyRow, ConditionResult
from .conditions import HEADLINE
from .measure import TrackingScore
from .speed import SpeedRow

RIVAL = "mediapipe-refined"


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure: what was reached, and the least or the most that it should be."""

    name: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the value lies within."""
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )


def goals_of(speed: Sequence[SpeedRow], conditions: Sequence[ConditionResult]) -> tuple[Goal, ...]:
    """Return the goals that this run can tell about."""
    return (*_speed_goals(speed), *_accuracy_goals(conditions))


def _speed_goals(rows: Sequence[SpeedRow]) -> list[Goal]:
    """Compare frames per second."""
    rates = {row.name: row.per_second for row in rows if row.per_second}
    rival, decoding = rates.get(RIVAL), rates.get("decoding")
    goals = []
    for name, least in (("live", 2.0), ("best", 1.0)):
        if rival and name in rates:
            goals.append(Goal(f"{name} / MediaPipe refined, frames/s", rates[name] / rival, least))
    if decoding and "live" in rates:
        goals.append(Goal("live / decoding alone, frames/s", rates["live"] / decoding))
    return goals


def _accuracy_goals(conditions: Sequence[ConditionResult]) -> list[Goal]:
    """Compare `best` with the rival on the noisy moving photograph, and with the truth."""
    found = [condition for condition in conditions if condition.name == HEADLINE]
    if not found:
        return []
    rows = {row.name: row for row in found[0].rows}
    best = _score(rows.get("best"))
    if best is None:
        return []
    goals = _beside_rival(best, _score(rows.get(RIVAL)))
    goals += [
        Goal("best, blink kept of the truth", best.blink_kept, least=0.95),
        Goal("best, jaw kept of the truth", best.jaw_kept, least=0.95),
        Goal("best, lag, frames", abs(best.lag_frames), most=0.1),
    ]
    return goals


def _beside_rival(best: TrackingScore, rival: TrackingScore | None) -> list[Goal]:
    """Return the ratios that shall be small."""
    if rival is None:
        return []
    ratios: tuple[tuple[str, Callable[[TrackingScore], float], float], ...] = (
        ("jitter", lambda score: score.jitter_percent, 1.0 / 10.0),
        ("jitter in the usual frame", lambda score: score.usual_jitter_percent, 1.0 / 10.0),
        ("error", lambda score: score.error_percent, 1.0 / 2.5),
        ("error without bias", lambda score: score.bias_free_error_percent, 1.0 / 2.5),
    )
    return [
        Goal(f"best / MediaPipe refined, {name}", of(best) / of(rival), most=most)
        for name, of, most in ratios
    ]


def _score(row: AccuracyRow | None) -> TrackingScore | None:
    """Return a row's score, if it is there."""
    return None if row is None else row.score
