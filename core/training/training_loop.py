"""The loop: batches in, weights and their moving average out, with checkpoints on the way."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from ..errors import Cancelled, TrainingDiverged
from .batches import Batch, network_input
from .checkpoint import MovingAverage, TrainingState, load_checkpoint, save_checkpoint
from .position_loss import PositionLoss

_log = logging.getLogger(__name__)

Part = Literal["all", "close-look"]
PARTS: tuple[Part, ...] = ("all", "close-look")

CURVES_FILE = "curves.jsonl"
_MAX_GRADIENT = 5.0


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How long, how fast. A training ends after `n_steps`, or, where those are 0, `minutes`.

    `part` is what is trained: the whole network, or what looks closer at the eyes while the rest
    stays as it is. `rate` is that of AdamW: it warms up over `warm_up_steps`, stays, and falls to 0
    over the last `fall_share`. Curves are written every `log_steps`, checkpoints every
    `checkpoint_s`, `evaluate` is called every `evaluate_s`.
    """

    minutes: float = 60.0
    n_steps: int = 0
    batch_size: int = 32
    rate: float = 1.2e-3
    weight_decay: float = 0.02
    warm_up_steps: int = 300
    fall_share: float = 0.45
    seed: int = 0
    part: Part = "all"
    log_steps: int = 50
    checkpoint_s: float = 180.0
    evaluate_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Workers:
    """Which of several processes this is, as torchrun says; `device` it computes on."""

    rank: int = 0
    count: int = 1
    device: str = "cpu"


class Training:
    """One training of a network; `run` goes on until it is done.

    Parameters
    ----------
    network : gives amounts and a presence logit
    loss : compares them with a batch's truth
    batches : the batch of a step
    folder : of checkpoints and curves
    settings : how long, how fast
    workers : of several processes, which this is
    evaluate : measures the averaged network; what it returns is written into the curves
    check : called before each step; may raise `Cancelled`, then a checkpoint is written
    """

    def __init__(
        self,
        network: nn.Module,
        loss: PositionLoss,
        batches: Callable[[int], Batch],
        *,
        folder: Path,
        settings: TrainingSettings,
        workers: Workers | None = None,
        evaluate: Callable[[nn.Module], dict[str, float]] | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._workers = workers or Workers()
        self._device = torch.device(self._workers.device)
        self._network = network.to(self._device)
        for parameter in network.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self._trained = self._network
        if settings.part == "close-look":
            self._network.eval().requires_grad_(False)
            self._trained = self._network.get_submodule("close_look").requires_grad_(True)
        self._loss = loss.to(self._device)
        self._batches, self._folder, self.settings = batches, folder, settings
        self._evaluate, self._check = evaluate, check
        self._moving = MovingAverage(self._network)
        self._runner: nn.Module = self._network
        if self._workers.count > 1:
            # The maps need no copying; the first process's running means are those that are kept.
            self._runner = nn.parallel.DistributedDataParallel(
                self._network, broadcast_buffers=False
            )
        self.state = TrainingState(
            network=self._network,
            average=self._moving.average,
            optimiser=torch.optim.AdamW(
                self._network.parameters(), lr=settings.rate, weight_decay=settings.weight_decay
            ),
        )

    @property
    def average(self) -> nn.Module:
        """The averaged network, which is what a training is for."""
        return self._moving.average

    def resume(self) -> None:
        """Go on from the folder's checkpoint; what was written after it is written again."""
        load_checkpoint(self._folder, self.state)
        if not self._workers.rank:
            lines = [json.dumps(line) + "\n" for line in self.state.curves]
            (self._folder / CURVES_FILE).write_text("".join(lines), encoding="utf-8")

    def run(self) -> None:
        """Train until the steps or the minutes are over.

        Raises
        ------
        TrainingDiverged
            The loss is not a number; the last checkpoint is from before.
        TrainingDataError
            A checkpoint cannot be written, or pairs cannot be read.
        """
        begun = time.monotonic() - self.state.elapsed_s
        self._saved_s = self._evaluated_s = self.state.elapsed_s
        while (progress := self._progress()) < 1.0:
            try:
                self._check()
            except Cancelled:
                self._save()
                raise
            parts = self._step(progress)
            self.state.step += 1
            self.state.elapsed_s = time.monotonic() - begun
            self._account(parts, progress)
        self._save()

    def _account(self, parts: dict[str, float], progress: float) -> None:
        """Write curves, measure and save when it is time."""
        settings, state = self.settings, self.state
        for name, value in parts.items():
            state.sums[name] = state.sums.get(name, 0.0) + value / settings.log_steps
        if state.step % settings.log_steps == 0:
            self._write(state.sums, progress)
            state.sums = {}
        if self._evaluate and state.elapsed_s - self._evaluated_s > settings.evaluate_s:
            self._evaluated_s = state.elapsed_s
            self._write(self._evaluate(self.average), progress)
        if state.elapsed_s - self._saved_s > settings.checkpoint_s:
            self._saved_s = state.elapsed_s
            self._save()

    def _progress(self) -> float:
        """Return how much of the training is done, 0 … 1."""
        if self.settings.n_steps:
            return self.state.step / self.settings.n_steps
        elapsed_s = torch.tensor(self.state.elapsed_s, dtype=torch.float64, device=self._device)
        if self._workers.count > 1:
            # Clocks differ, and who stopped a step earlier would be waited for without end.
            torch.distributed.broadcast(elapsed_s, 0)
        return float(elapsed_s) / (60.0 * self.settings.minutes)

    def _step(self, progress: float) -> dict[str, float]:
        """Take one step; return the parts of its loss."""
        settings, state = self.settings, self.state
        batch = {name: part.to(self._device) for name, part in self._batches(state.step).items()}
        fall = min(1.0, (1.0 - progress) / max(settings.fall_share, 1e-6))
        warm = min(1.0, (state.step + 1) / max(settings.warm_up_steps, 1))
        for group in state.optimiser.param_groups:
            group["lr"] = settings.rate * warm * (0.5 - 0.5 * math.cos(math.pi * fall))
        self._trained.train()
        image = network_input(batch["image"]).contiguous(memory_format=torch.channels_last)
        with torch.autocast(
            self._device.type, dtype=torch.bfloat16, enabled=self._device.type == "cuda"
        ):
            amounts, logit = self._runner(image)
        parts = self._loss(amounts.float(), logit.float(), batch)
        loss = parts["loss"]
        if not bool(torch.isfinite(loss)):
            raise TrainingDiverged(
                f"The loss of step {state.step} is not a number. The last good checkpoint in "
                f"'{self._folder}' was kept; go on from it with --resume and a lower --rate."
            )
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), _MAX_GRADIENT)
        state.optimiser.step()
        self._moving.update(self._network, state.step)
        return {name: float(part.detach()) for name, part in parts.items()}

    def _write(self, values: dict[str, float], progress: float) -> None:
        """Add a line to the curves."""
        if self._workers.rank:
            return
        line = {
            "step": float(self.state.step),
            "elapsed_s": round(self.state.elapsed_s, 1),
            "progress": round(progress, 4),
            **{name: round(float(value), 5) for name, value in values.items()},
        }
        self.state.curves.append(line)
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / CURVES_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        _log.info("%s", line)

    def _save(self) -> None:
        """Write a checkpoint, in one of the processes."""
        if not self._workers.rank:
            save_checkpoint(self._folder, self.state)
