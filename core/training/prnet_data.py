"""What training the position-map network is made from: prepared once, its tables kept."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Float64Array
from ..errors import TrainingDataError
from .face_model import FaceModel, load_face_model
from .layout import Layout, make_layout
from .map_basis import MapBasis, make_basis
from .pair_maker import PairMaker
from .portraits import Gallery, load_gallery
from .scene import make_head

MODEL_FILE = Path("ict") / "ict_facekit_light.npz"
PORTRAITS_FOLDER = Path("faces")
TABLES_FILE = "tables.npz"


@dataclass(frozen=True, slots=True)
class PrnetTables:
    """What the network and its loss need: pairs on disk only mean something with these.

    `landmarks_uv` (68, 2) and `facemesh_uv` (478, 2): where landmarks lie on the layout.
    """

    basis: MapBasis
    landmarks_uv: Float64Array
    facemesh_uv: Float64Array


@dataclass(frozen=True, slots=True)
class PrnetData:
    """The face model, its layout, the portraits, and the tables."""

    model: FaceModel
    layout: Layout
    gallery: Gallery
    tables: PrnetTables

    def maker(self, *, held_out: bool = False, seed: int = 0) -> PairMaker:
        """Return a maker of pairs from these."""
        return PairMaker(
            self.model,
            self.layout,
            make_head(self.model, self.layout),
            self.tables.basis,
            self.gallery,
            held_out=held_out,
            seed=seed,
        )


def prepare(data: Path, *, tables: PrnetTables | None = None) -> PrnetData:
    """Load and fit everything under a data folder.

    Parameters
    ----------
    data : holds `ict/ict_facekit_light.npz` and pictures under `faces/`
    tables : of an earlier run, which its pairs belong to; else they are made

    Raises
    ------
    TrainingDataError
        The face model or usable portraits are missing.
    """
    model = load_face_model(data / MODEL_FILE)
    layout = make_layout(model)
    gallery = load_gallery(data / PORTRAITS_FOLDER, model, layout)
    made = tables or PrnetTables(
        make_basis(model, layout), layout.landmarks_uv, gallery.facemesh_uv
    )
    return PrnetData(model, layout, gallery, made)


def save_tables(folder: Path, tables: PrnetTables) -> None:
    """Keep the tables beside the pairs."""
    folder.mkdir(parents=True, exist_ok=True)
    basis = tables.basis
    path = folder / TABLES_FILE
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as file:
            np.savez(
                file,
                maps=basis.maps,
                sign=basis.sign,
                mean=basis.mean,
                spread=basis.spread,
                landmarks_uv=tables.landmarks_uv,
                facemesh_uv=tables.facemesh_uv,
            )
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise TrainingDataError(f"'{path}' cannot be written: {error.strerror}.") from error


def load_tables(folder: Path) -> PrnetTables | None:
    """Read the tables of an earlier run; None where there was none.

    Raises
    ------
    TrainingDataError
        They are damaged.
    """
    path = folder / TABLES_FILE
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return PrnetTables(
                MapBasis(arrays["maps"], arrays["sign"], arrays["mean"], arrays["spread"]),
                arrays["landmarks_uv"],
                arrays["facemesh_uv"],
            )
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise TrainingDataError(
            f"The tables '{path}' cannot be read ({error}). The pairs beside them mean nothing "
            "without: start in another folder."
        ) from error
