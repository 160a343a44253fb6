"""What the joined stages say of takes that they cannot use."""

import numpy as np
import pytest

from mien.core.errors import TakeError
from mien.core.pipeline import solve
from mien.core.records import FaceTrack, Footage, Provenance, Take
from mien.core.settings import SmoothSettings


def test_a_take_of_an_engine_that_is_not_there_is_the_takes_fault():
    track = FaceTrack(
        np.ones(1, np.float32), np.ones((1, 468, 3), np.float32), np.ones((1, 4), np.float32)
    )
    take = Take(
        footage=Footage("clip.mp4", "video", (100, 100), 25.0, 1),
        provenance=Provenance("9.9", "mesh-of-tomorrow", {}, {}, "2030"),
        time_s=np.zeros(1),
        frame_index=np.zeros(1, np.int32),
        faces=(track,),
        is_complete=True,
        warnings=(),
        folder="clip.take",
    )
    with pytest.raises(TakeError, match=r"'clip.take' was .*'mesh-of-tomorrow'.* Update Mien, or"):
        solve(take, SmoothSettings())
