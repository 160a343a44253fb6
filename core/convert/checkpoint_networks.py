"""The authors' TensorFlow checkpoints → PRNet's and L-PRNet's networks, as ONNX files of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from ..arrays import Float32Array, ImageArray
from ..errors import WeightsCorrupt
from ..networks.lprnet import LPrnet
from ..networks.resfcn256 import Resfcn256
from .authors_map_export import AuthorsMapGraph, AuthorsNetwork, input_size_px, scale_px
from .checkpoint_variables import (
    Place,
    lprnet_places,
    resfcn256_places,
    state_from_variables,
)
from .converted_model import ConvertedModel
from .onnx_export import onnx_from_graph
from .tensorflow_checkpoint import FLOAT_32, Checkpoint, Variable, read_variables

SUPPORTED_CHECKPOINTS = (
    "Supported are PRNet's 256_256_resfcn256_weight and the variables of L-PRNet's SavedModel."
)
_N_NAMED = 3


@dataclass(frozen=True, slots=True)
class KnownCheckpoint:
    """A network that checkpoints hold, and which other variables a training leaves in them.

    `slot` matches what an optimiser keeps of a variable, whose name is the first group; `aside`
    what belongs to no layer.
    """

    name: str
    title: str
    begins: str
    make: Callable[[], AuthorsNetwork]
    places: Callable[[AuthorsNetwork], dict[str, Place]]
    slot: re.Pattern[str]
    aside: re.Pattern[str]


def _places_of_resfcn256(network: AuthorsNetwork) -> dict[str, Place]:
    assert isinstance(network, Resfcn256)  # made by the same entry
    return resfcn256_places(network)


def _places_of_lprnet(network: AuthorsNetwork) -> dict[str, Place]:
    assert isinstance(network, LPrnet)  # made by the same entry
    return lprnet_places(network)


KNOWN_CHECKPOINTS = (
    KnownCheckpoint(
        name="prnet_resfcn256",
        title="PRNet's network",
        begins="resfcn256/",
        make=Resfcn256,
        places=_places_of_resfcn256,
        slot=re.compile(r"(.+)/Adam(?:_1)?"),
        aside=re.compile(r"(?:.+/)?(?:beta[12]_power|global_step)(?:_\d+)?"),
    ),
    KnownCheckpoint(
        name="lprnet_128",
        title="L-PRNet's network",
        begins="layer_with_weights-",
        make=LPrnet,
        places=_places_of_lprnet,
        slot=re.compile(r"(.+)/\.OPTIMIZER_SLOT/optimizer/[a-z]+(/\.ATTRIBUTES/VARIABLE_VALUE)"),
        aside=re.compile(r"_CHECKPOINTABLE_OBJECT_GRAPH|(?:optimizer|keras_api|save_counter)/.+"),
    ),
)


def convert_checkpoint(checkpoint: Checkpoint) -> ConvertedModel:
    """Convert the network that a checkpoint holds, with what torch computes from an example.

    Raises
    ------
    WeightsCorrupt
        Its variables are of no known network, some are missing, too many or of another shape, a
        shard is damaged, or numbers are not finite.
    WeightsMissing
        A shard is missing.
    """
    known = _known(checkpoint)
    network = known.make()
    places = known.places(network)
    _check_names(checkpoint, known, places)
    _check_shapes(checkpoint, known, places)
    variables = read_variables(checkpoint, list(places))
    _check_finite(checkpoint, variables)
    network.load_state_dict(state_from_variables(places, variables), strict=False)
    network.eval()
    size = input_size_px(network)
    image = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), np.uint8)
    return ConvertedModel(
        name=known.name,
        engine=known.name.replace("_", "-"),
        onnx=onnx_from_graph(AuthorsMapGraph(network)),
        example={"image": image},
        expected={"positions": position_maps(network, image)},
        reference="torch",
    )


def position_maps(network: AuthorsNetwork, image: ImageArray) -> Float32Array:
    """Compute with a network as its authors define it what its ONNX file should give.

    Parameters
    ----------
    network : with its weights
    image : shape (n, size, size, 3), RGB, of the network's own size

    Returns
    -------
    shape (n, size, size, 3), crop pixels
    """
    values = torch.from_numpy(image).permute(0, 3, 1, 2).to(torch.float32) / 255
    with torch.inference_mode():
        maps = network(values) * scale_px(network)
    return np.asarray(maps.permute(0, 2, 3, 1).numpy(), np.float32)


def _known(checkpoint: Checkpoint) -> KnownCheckpoint:
    """Return whose checkpoint it is."""
    for known in KNOWN_CHECKPOINTS:
        if any(name.startswith(known.begins) for name in checkpoint.variables):
            return known
    found = _listed(map(str, checkpoint.variables.values())) or "none"
    raise WeightsCorrupt(
        f"{checkpoint.subject} has {len(checkpoint.variables)} variables ({found}), which no "
        f"network of Mien has. {SUPPORTED_CHECKPOINTS}"
    )


def _check_names(
    checkpoint: Checkpoint, known: KnownCheckpoint, places: Mapping[str, Place]
) -> None:
    """Raise unless all variables are there, and none that the network does not have."""
    missing = [name for name in places if name not in checkpoint.variables]
    if missing:
        listed = _listed(f"'{name}'" for name in missing)
        raise WeightsCorrupt(
            f"{checkpoint.subject} lacks {len(missing)} of the {len(places)} variables of "
            f"{known.title}: {listed}. Get the file again."
        )
    extra = [v for name, v in checkpoint.variables.items() if not _is_known(name, known, places)]
    if extra:
        raise WeightsCorrupt(
            f"{checkpoint.subject} has {len(extra)} variables that {known.title} does not have: "
            f"{_listed(map(str, extra))}. {SUPPORTED_CHECKPOINTS}"
        )


def _is_known(name: str, known: KnownCheckpoint, places: Mapping[str, Place]) -> bool:
    """Tell whether a variable is a weight, an optimiser's memory of one, or the training's own."""
    slot = known.slot.fullmatch(name)
    weight = "".join(slot.groups()) if slot else name
    return weight in places or known.aside.fullmatch(name) is not None


def _check_shapes(
    checkpoint: Checkpoint, known: KnownCheckpoint, places: Mapping[str, Place]
) -> None:
    """Raise unless all variables have the network's type and shapes."""
    wrong: list[tuple[Variable, Place]] = []
    for name, place in places.items():
        variable = checkpoint.variables[name]
        if variable.kind != FLOAT_32 or variable.shape != place.shape:
            wrong.append((variable, place))
    if wrong:
        listed = _listed(f"{found}, expected float32 {place.shape}" for found, place in wrong)
        raise WeightsCorrupt(
            f"{checkpoint.subject} has {len(wrong)} variables of another shape than "
            f"{known.title}: {listed}. {SUPPORTED_CHECKPOINTS}"
        )


def _check_finite(checkpoint: Checkpoint, variables: Mapping[str, Float32Array]) -> None:
    """Raise unless all numbers are finite."""
    for name, values in variables.items():
        if not np.isfinite(values).all():
            raise WeightsCorrupt(
                f"{checkpoint.subject} holds infinite or undefined numbers in '{name}'. Get the "
                "file again."
            )


def _listed(texts: Iterable[str]) -> str:
    """Return the first few of some texts for a message."""
    listed = list(texts)
    more = "; …" if len(listed) > _N_NAMED else ""
    return "; ".join(listed[:_N_NAMED]) + more
