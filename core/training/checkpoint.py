"""A training's state on disk: written beside, then renamed; read without running code."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import TrainingDataError

CHECKPOINT_FILE = "checkpoint.pt"


@dataclass(slots=True)
class TrainingState:
    """Where a training stands: weights, their moving average, the optimiser, and how far it is.

    `curves` are the lines that were written, `sums` what the next one has gathered so far.
    """

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    elapsed_s: float = 0.0
    curves: list[dict[str, float]] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)


class MovingAverage:
    """Keeps the average of a network's weights over the last steps."""

    def __init__(self, network: nn.Module, *, decay: float = 0.998) -> None:
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take a step's weights in; the first steps count more, as the average is young."""
        keep = min(self._decay, (1.0 + step) / (10.0 + step))
        there = network.state_dict()
        for name, value in self.average.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(there[name].to(value), 1.0 - keep)
            else:
                value.copy_(there[name])


def save_checkpoint(folder: Path, state: TrainingState) -> None:
    """Write a state; a full disk or a kill leaves the last one.

    Raises
    ------
    TrainingDataError
        The disk is full, or refuses.
    """
    path = folder / CHECKPOINT_FILE
    beside = path.with_name(path.name + ".part")
    values: dict[str, Any] = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "step": state.step,
        "elapsed_s": state.elapsed_s,
        "curves": state.curves,
        "sums": state.sums,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(values, beside)
        beside.replace(path)
    except (OSError, RuntimeError) as error:
        beside.unlink(missing_ok=True)
        raise TrainingDataError(
            f"The checkpoint '{path}' cannot be written ({error}). Free some space; the last one "
            "is still there, and --resume goes on from it."
        ) from error


def load_checkpoint(folder: Path, state: TrainingState) -> None:
    """Read a state into one of the same network.

    Raises
    ------
    TrainingDataError
        There is none, or it is damaged, or of another network.
    """
    path = folder / CHECKPOINT_FILE
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        state.network.load_state_dict(values["network"])
        state.average.load_state_dict(values["average"])
        state.optimiser.load_state_dict(values["optimiser"])
        state.step, state.elapsed_s = int(values["step"]), float(values["elapsed_s"])
        state.curves, state.sums = list(values["curves"]), dict(values["sums"])
    except (OSError, EOFError, KeyError, ValueError, RuntimeError, pickle.UnpicklingError) as error:
        raise TrainingDataError(
            f"The checkpoint '{path}' cannot be read ({error}). Start again without --resume, or "
            "in another folder."
        ) from error
