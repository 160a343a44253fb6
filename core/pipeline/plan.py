"""What a capture is asked to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..settings import DEFAULT_ENGINE, DetectSettings, SourceSettings, TrackSettings

DETECTOR_WEIGHTS = "face_detection_short_range"


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """Everything that a capture needs to know, as plain values."""

    footage: str
    take_folder: Path
    engine: str = DEFAULT_ENGINE
    source: SourceSettings = field(default_factory=SourceSettings)
    detect: DetectSettings = field(default_factory=DetectSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    device: str = "cpu"
    n_threads: int = 1
    is_resumed: bool = False
    is_overwriting: bool = False
    is_temporary: bool = False
    """The take is for this run alone; one that is there keeps its own mark, or loses it."""

    def settings_dict(self) -> dict[str, object]:
        """Return the settings that decide the result, as they stand in a take's provenance."""
        return {
            "source": asdict(self.source),
            "detect": asdict(self.detect),
            "track": asdict(self.track),
        }
