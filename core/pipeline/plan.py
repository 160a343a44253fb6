"""What a capture is asked to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..errors import ArgumentError
from ..settings import (
    DEFAULT_ENGINE,
    QUALITIES,
    DetectSettings,
    Quality,
    SecondLookSettings,
    SourceSettings,
    TrackSettings,
)

DETECTOR_WEIGHTS = "face_detection_short_range"


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """Everything that a capture needs to know, as plain values."""

    footage: str
    take_folder: Path
    engine: str = DEFAULT_ENGINE
    quality: Quality = "best"
    """`live` looks at each frame once, as it comes; `best` again once the next ones are known."""
    source: SourceSettings = field(default_factory=SourceSettings)
    detect: DetectSettings = field(default_factory=DetectSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    second_look: SecondLookSettings = field(default_factory=SecondLookSettings)
    """How the quality `best` looks again; `live` does not."""
    device: str = "cpu"
    n_threads: int = 1
    is_resumed: bool = False
    is_overwriting: bool = False
    is_temporary: bool = False
    """The take is for this run alone; one that is there keeps its own mark, or loses it."""

    def __post_init__(self) -> None:
        if self.quality not in QUALITIES:
            raise ArgumentError(
                f"quality must be one of {', '.join(QUALITIES)}, got {self.quality!r}"
            )

    @property
    def reach_s(self) -> float:
        """How far into the future a frame's result depends on others, in seconds."""
        is_looking_on = self.quality == "best" and self.track.is_tracked
        return self.second_look.reach_s if is_looking_on else 0.0

    def settings_dict(self) -> dict[str, object]:
        """Return the settings that decide the result, as they stand in a take's provenance."""
        again = {"second_look": asdict(self.second_look)} if self.quality == "best" else {}
        return {
            "quality": self.quality,
            "source": asdict(self.source),
            "detect": asdict(self.detect),
            "track": asdict(self.track),
            **again,
        }
