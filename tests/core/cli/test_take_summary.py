"""What is said of a take names its cuts."""

import numpy as np

from mien.core.cli.take_summary import lines_of_take, values_of_take
from mien.core.records import Footage, Provenance, Take


def take_with(shot):
    return Take(
        footage=Footage("clip.mp4", "video", (100, 100), 25.0, None),
        provenance=Provenance("0", "facemesh", {}, {}, "2030"),
        time_s=np.arange(6) / 25.0,
        frame_index=np.arange(6, dtype=np.int32),
        faces=(),
        shot=np.array(shot, np.int32),
    )


def test_cuts_are_told_by_the_times_of_the_frames_that_begin_a_shot():
    take = take_with([0, 0, 1, 1, 1, 2])
    assert values_of_take(take)["cuts_s"] == [0.08, 0.2]
    assert "Cuts:      2, at 0.080, 0.200 s" in lines_of_take(take)


def test_a_take_of_one_shot_says_nothing_of_cuts():
    for take in (take_with([0] * 6), take_with([])):
        assert values_of_take(take)["cuts_s"] == [] and take.shot.tolist() == [0] * 6
        assert not [line for line in lines_of_take(take) if line.startswith("Cuts")]
