"""Everything that training the position-map network is made from, prepared once and kept."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

from .face_model import FaceModel, load_face_model
from .layout import Layout, make_layout
from .map_basis import MapBasis, make_basis
from .pair_maker import PairMaker
from .portraits import Gallery, load_gallery
from .scene import Head, make_head

MODEL_FILE = Path("ict") / "ict_facekit_light.npz"
PORTRAITS_FOLDER = Path("faces")


@dataclass(frozen=True, slots=True)
class PrnetData:
    """The face model, its layout, the drawn head, the basis of maps, and the portraits."""

    model: FaceModel
    layout: Layout
    head: Head
    basis: MapBasis
    gallery: Gallery

    def maker(self, *, held_out: bool = False, seed: int = 0) -> PairMaker:
        """Return a maker of pairs from these."""
        return PairMaker(
            self.model,
            self.layout,
            self.head,
            self.basis,
            self.gallery,
            held_out=held_out,
            seed=seed,
        )


def prepare(data: Path) -> PrnetData:
    """Load and fit everything under a data folder.

    Parameters
    ----------
    data : holds `ict/ict_facekit_light.npz` and pictures under `faces/`

    Raises
    ------
    TrainingDataError
        The face model or usable portraits are missing.
    """
    model = load_face_model(data / MODEL_FILE)
    layout = make_layout(model)
    return PrnetData(
        model=model,
        layout=layout,
        head=make_head(model, layout),
        basis=make_basis(model, layout),
        gallery=load_gallery(data / PORTRAITS_FOLDER, model, layout),
    )


def save_pickle(path: Path, data: PrnetData) -> None:
    """Keep prepared data for the next run on the same machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(data))
