"""ICT-FaceKit's morphable face: a neutral head, 100 identities and 57 expressions.

References
----------
J. Li et al., "Learning Formation of Physically-Based Face Attributes", CVPR 2020; the light model
of github.com/ICT-VGL/ICT-FaceKit (MIT). Vertex groups and the 68 landmarks stand in its README.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Float32Array, FloatArray, IndexArray, check_shape
from ..errors import TrainingDataError

N_FACE, N_HEAD = 9409, 11248
"""The vertices of the face come first, then those of the head and neck."""
FIRST_EYEBALL, END_EYEBALLS = 21451, 24591

LANDMARKS_68: tuple[int, ...] = (
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088,
    3443, 268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140,
    2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216,
    6207, 6470, 5517, 5966,
)  # fmt: skip
"""Vertices of the 68 iBUG landmarks, in their usual order."""

MIRRORED_68: tuple[int, ...] = (
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1),
)  # fmt: skip
"""Which of the 68 landmarks each becomes when the picture is mirrored."""

_CM = 0.01


@dataclass(frozen=True, slots=True)
class FaceModel:
    """A linear face: neutral + Σ identity + Σ expression.

    `neutral_m` is of shape (n_vertices, 3), metres, head space (x to the subject's left, y up, z
    out of the face); `triangles` (n, 3) are those of the face and of the head and neck around it;
    `identity_m` (n_identities, n_vertices, 3) are steps of one standard deviation, `expression_m`
    (n_expressions, n_vertices, 3) full expressions, `expression_names` their ARKit-like names.
    """

    neutral_m: Float32Array
    triangles: IndexArray
    identity_m: Float32Array
    expression_m: Float32Array
    expression_names: tuple[str, ...]
    landmarks_68: tuple[int, ...] = LANDMARKS_68

    def vertices(self, identity: FloatArray, expression: FloatArray) -> Float32Array:
        """Return the vertices for weights of shape (n_identities,) and (n_expressions,)."""
        check_shape("identity", identity, (len(self.identity_m),))
        check_shape("expression", expression, (len(self.expression_m),))
        return np.asarray(
            self.neutral_m
            + np.tensordot(identity.astype(np.float32), self.identity_m, 1)
            + np.tensordot(expression.astype(np.float32), self.expression_m, 1),
            np.float32,
        )


def load_face_model(path: Path) -> FaceModel:
    """Read `ict_facekit_light.npz`; only the vertices of the face, head and neck are kept.

    Raises
    ------
    TrainingDataError
        The file is missing, damaged, or something else.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            quads = arrays["faces"]
            kept = quads[(quads < N_HEAD).all(axis=1)]
            return FaceModel(
                neutral_m=_CM * arrays["neutral"][:N_HEAD].astype(np.float32),
                triangles=triangles_from_quads(kept),
                identity_m=_CM * arrays["identity"][:, :N_HEAD].astype(np.float32),
                expression_m=_CM * arrays["expr"][:, :N_HEAD].astype(np.float32),
                expression_names=tuple(str(name) for name in arrays["expr_names"]),
            )
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise TrainingDataError(
            f"The face model '{path}' cannot be read ({error}). It must be ICT-FaceKit's light "
            "model as .npz with 'neutral', 'faces', 'identity', 'expr' and 'expr_names'."
        ) from error


def triangles_from_quads(quads: IndexArray) -> IndexArray:
    """Split quads of shape (n, 4) in two; a fourth corner of −1 marks a triangle."""
    first = quads[:, [0, 1, 2]]
    second = quads[quads[:, 3] >= 0][:, [0, 2, 3]]
    return np.asarray(np.concatenate([first, second]), np.int32)
