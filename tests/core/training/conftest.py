"""A made face for tests of the layout and the data maker: no file of others is needed."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="scipy is not installed")


def _made_face():
    path = Path(__file__).with_name("made_face.py")
    spec = importlib.util.spec_from_file_location("made_face", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def face_model():
    """An ellipsoid's front with a nose, two eyes and a mouth, three identities, few expressions."""
    return _made_face().made_face_model()


@pytest.fixture(scope="session")
def layout(face_model):
    """The made face's layout."""
    from mien.core.training.layout import make_layout

    return make_layout(face_model)


@pytest.fixture(scope="session")
def head(face_model, layout):
    """The made face as it is drawn."""
    from mien.core.training.scene import make_head

    return make_head(face_model, layout)


@pytest.fixture(scope="session")
def basis(face_model, layout):
    """A small basis of the made face's maps."""
    from mien.core.training.map_basis import make_basis

    return make_basis(face_model, layout, n_basis=24, n_faces=40)


@pytest.fixture(scope="session")
def portraits(face_model):
    """Six people, each a made face in the middle of a picture of noise in their own colour."""
    from mien.core.training.portrait_fit import PortraitFit
    from mien.core.training.portraits import PHOTO_SIZE, Portrait

    fit = PortraitFit(
        identity=np.zeros(len(face_model.identity_m)),
        expression=np.zeros(len(face_model.expression_m)),
        rotation=np.diag([1.0, -1.0, -1.0]),
        scale_px=900.0,
        shift_px=np.array([160.0, 160.0, 0.0]),
        residual=0.0,
    )
    made = []
    for number in (1, 2, 3, 4, 8, 13):  # the last two are kept apart
        rng = np.random.default_rng(number)
        photo = rng.integers(60, 200, (PHOTO_SIZE // 8, PHOTO_SIZE // 8, 3))
        photo = np.kron(photo, np.ones((8, 8, 1))).astype(np.uint8)
        matte = np.zeros((PHOTO_SIZE, PHOTO_SIZE), np.uint8)
        matte[20:, 60:260] = 255
        landmarks = np.zeros((478, 3), np.float32)
        angle = np.linspace(0.0, 2.0 * np.pi, 478)
        landmarks[:, 0] = 160.0 + 60.0 * np.cos(angle)
        landmarks[:, 1] = 160.0 + 80.0 * np.sin(angle)
        made.append(
            Portrait(f"{number}", f"made/{number:03d}", photo, matte, landmarks, replace(fit))
        )
    return tuple(made)


@pytest.fixture(scope="session")
def gallery(portraits):
    """The portraits, with landmarks somewhere on the layout."""
    from mien.core.training.portraits import Gallery

    uv = np.random.default_rng(2).uniform(0.1, 0.9, (478, 2))
    return Gallery(portraits, uv, ())


@pytest.fixture(scope="session")
def maker(face_model, layout, head, basis, gallery):
    """A maker of pairs of the made face."""
    from mien.core.training.pair_maker import PairMaker

    return PairMaker(face_model, layout, head, basis, gallery, seed=5)
