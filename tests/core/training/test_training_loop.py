"""The loss falls, a resumed training gives the same curve, and trouble leaves the last state."""

import json
import math

import numpy as np
import pytest

from mien.core.errors import Cancelled, TrainingDataError, TrainingDiverged

torch = pytest.importorskip("torch", reason="torch is not installed")

from mien.core.training.batches import BatchMaker  # noqa: E402
from mien.core.training.checkpoint import CHECKPOINT_FILE  # noqa: E402
from mien.core.training.evaluation import evaluate  # noqa: E402
from mien.core.training.layout_tables import sampling_matrix  # noqa: E402
from mien.core.training.map_basis import MapBasis  # noqa: E402
from mien.core.training.openings import OPENINGS, opening_tables  # noqa: E402
from mien.core.training.pair_store import make_pairs  # noqa: E402
from mien.core.training.position_loss import PositionLoss  # noqa: E402
from mien.core.training.prefetch import Prefetch  # noqa: E402
from mien.core.training.prnet_data import PrnetTables  # noqa: E402
from mien.core.training.prnet_training import network_from_tables  # noqa: E402
from mien.core.training.training_curves import draw_curves  # noqa: E402
from mien.core.training.training_loop import CURVES_FILE, Training, TrainingSettings  # noqa: E402


@pytest.fixture(scope="module")
def pairs(maker):
    """A tiny set of pairs."""
    return make_pairs(maker, 0, 24)


@pytest.fixture
def start(tmp_path, basis, layout, gallery, pairs):
    """Return a function that starts a training in a folder."""

    def begin(n_steps=8, folder="run", batches=None, check=lambda: None, log_steps=1, part="all"):
        torch.manual_seed(1)
        tables = PrnetTables(basis, layout.landmarks_uv, gallery.facemesh_uv)
        network = network_from_tables(tables)
        maker = BatchMaker(basis.sign, seed=2)
        loss = PositionLoss(basis, layout.landmarks_uv, gallery.facemesh_uv)
        return Training(
            network,
            loss,
            batches or (lambda step: maker.batch([pairs], step=step, size=6)),
            folder=tmp_path / folder,
            settings=TrainingSettings(
                n_steps=n_steps,
                log_steps=log_steps,
                part=part,
                warm_up_steps=3,
                rate=2e-3,
                batch_size=6,
            ),
            check=check,
        )

    return begin


def curve(training, name="loss"):
    return [line[name] for line in training.state.curves]


def test_the_loss_falls(start):
    training = start(n_steps=40)
    training.run()
    losses = curve(training)
    assert np.mean(losses[-5:]) < 0.75 * np.mean(losses[:5])


@pytest.mark.parametrize("log_steps", [1, 4])
def test_a_resumed_training_gives_the_same_curve(start, log_steps):
    whole = start(n_steps=8, folder="whole", log_steps=log_steps)
    whole.run()
    asked = []

    def stop_after_five():
        asked.append(0)
        if len(asked) > 5:
            raise Cancelled("Interrupted.")

    first = start(n_steps=8, folder="parts", check=stop_after_five, log_steps=log_steps)
    with pytest.raises(Cancelled):
        first.run()
    # A process that was killed has written more than its last checkpoint knows.
    with (first._folder / CURVES_FILE).open("a") as file:
        file.write('{"step": 6.0}\n')
    second = start(n_steps=8, folder="parts", log_steps=log_steps)
    second.resume()
    assert second.state.step == 5
    second.run()
    assert curve(second) == curve(whole)
    for one, two in zip(
        whole.average.state_dict().values(), second.average.state_dict().values(), strict=True
    ):
        assert (one == two).all()
    lines = (second._folder / CURVES_FILE).read_text().splitlines()
    steps = [json.loads(line)["step"] for line in lines]
    assert steps == list(range(log_steps, 9, log_steps))


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(start, basis, pairs):
    maker = BatchMaker(basis.sign, seed=2)

    def batches(step):
        batch = maker.batch([pairs], step=step, size=6)
        if step == 4:
            batch["amounts"] = batch["amounts"] * math.nan
        return batch

    good = start(n_steps=3)
    good.run()
    before = (good._folder / CHECKPOINT_FILE).read_bytes()
    bad = start(n_steps=9, batches=batches)
    bad.resume()
    with pytest.raises(
        TrainingDiverged, match=r"step 4 is not a number\. The last good checkpoint"
    ):
        bad.run()
    assert (good._folder / CHECKPOINT_FILE).read_bytes() == before
    assert all(torch.isfinite(value).all() for value in bad.average.state_dict().values())


@pytest.mark.parametrize(
    "damage", [lambda data: data[:100], lambda data: b"", lambda data: b"x" * 99]
)
def test_a_damaged_checkpoint_is_named(start, damage):
    training = start(n_steps=1)
    training.run()
    path = training._folder / CHECKPOINT_FILE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TrainingDataError, match="cannot be read"):
        start(n_steps=2).resume()


def test_a_checkpoint_that_would_run_code_is_refused(start, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    training = start()
    training._folder.mkdir()
    torch.save({"network": Trap()}, training._folder / CHECKPOINT_FILE)
    with pytest.raises(TrainingDataError, match="cannot be read"):
        training.resume()
    assert not (tmp_path / "sprung").exists()


def test_a_full_disk_keeps_the_last_checkpoint(start, monkeypatch):
    training = start(n_steps=1)
    training.run()
    before = (training._folder / CHECKPOINT_FILE).read_bytes()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    again = start(n_steps=2)
    again.resume()
    with pytest.raises(TrainingDataError, match="the last one is still there"):
        again.run()
    assert [path.name for path in training._folder.glob("checkpoint*")] == [CHECKPOINT_FILE]
    assert (training._folder / CHECKPOINT_FILE).read_bytes() == before


def test_a_network_that_is_right_has_no_error(basis, layout, pairs):
    class Knowing(torch.nn.Module):
        """Gives the truth of the batches that evaluation asks for."""

        def __init__(self):
            super().__init__()
            self.at = torch.nn.Parameter(torch.zeros(1))
            self.row = 0

        def forward(self, image):
            from mien.core.training.augmentation import random_move

            moved = []
            for _ in range(len(image)):
                move = random_move(np.random.default_rng((0, self.row, 3)))
                moved.append(move.amounts(pairs.amounts[self.row], basis.sign))
                self.row += 1
            return torch.from_numpy(np.stack(moved)), torch.zeros(len(image))

    chosen = pairs.kind != 2
    faces = type(pairs)(**{name: getattr(pairs, name)[chosen] for name in pairs.__slots__})
    knowing = Knowing()
    pairs = faces
    at = torch.from_numpy((basis.flat @ sampling_matrix(layout.landmarks_uv).T).astype(np.float32))
    found = evaluate(knowing, [faces], at_landmarks=at)
    # Mirrored landmarks lie where the mirrored map has them, up to the made face's own asymmetry.
    assert found.all_share < 0.01


def test_batches_made_ahead_come_in_order_and_tell_errors():
    def make(step):
        if step == 5:
            raise TrainingDataError("The pairs are damaged.")
        return {"step": torch.tensor(step)}

    with Prefetch(make) as batches:
        assert [int(batches(step)["step"]) for step in (3, 4)] == [3, 4]
        with pytest.raises(TrainingDataError, match="damaged"):
            batches(5)


def test_curves_become_a_picture():
    lines = [{"step": float(i), "loss": 10.0 / (1 + i)} for i in range(50)] + [{"step": 50.0}]
    image = draw_curves(lines, across="step", names=("loss", "none"), title="test")
    assert image.shape[2] == 3 and (image != 255).any()


def test_lids_that_stay_open_cost_more_than_their_area(basis, layout, gallery, pairs):
    loss = PositionLoss(basis, layout.landmarks_uv, gallery.facemesh_uv)
    batch = BatchMaker(basis.sign, seed=2).batch([pairs], step=0, size=12)
    at = loss.at_points[:, : len(layout.landmarks_uv)]
    # The smallest change of the amounts that opens all lids by 2 px, and one like it elsewhere.
    lids, chin = [37, 38, 43, 44], [7, 8, 9, 10]
    raised = []
    for moved in (lids, chin):
        wanted = torch.zeros(at.shape[1], dtype=at.dtype)
        wanted[moved] = -2.0
        change = torch.zeros_like(batch["amounts"])
        change[..., 1] = torch.linalg.lstsq(at.T, wanted[:, None]).solution[:, 0]
        raised.append(float(loss(batch["amounts"] + change, torch.ones(12), batch)["opening"]))
    assert raised[0] > 3 * raised[1]


def test_a_pixel_of_an_opening_opens_it_alone_and_moves_little_else(layout):
    # A map for the neighbourhood of each landmark, and one for all: any opening can be made.
    v, u = np.mgrid[0:128, 0:128] / 127.0
    hills = [
        np.exp(-((u - pu) ** 2 + (v - pv) ** 2) / (2 * 0.03**2)) for pu, pv in layout.landmarks_uv
    ]
    maps = np.stack([np.ones((128, 128)), *hills]).astype(np.float32)
    spread = np.ones((len(maps), 3), np.float32)
    spread[0] = 20.0
    basis = MapBasis(maps, np.ones(len(maps)), 0.0 * spread, spread)
    changes = opening_tables(basis, layout.landmarks_uv).changes
    at = maps.reshape(len(maps), -1) @ sampling_matrix(layout.landmarks_uv).T
    first, second = np.array(OPENINGS).T
    lids = [0, 1, 6, 7]
    assert changes.shape == (len(lids), len(maps), 2)
    for axis in (0, 1):
        moved = changes[..., axis] @ at
        np.testing.assert_allclose(
            moved[:, first] - moved[:, second], np.eye(len(OPENINGS))[lids], atol=0.15
        )
        # Neither the whole face nor a landmark far from it moves.
        assert np.abs(changes[:, 0, axis]).max() < 0.05
        assert np.abs(moved[0, [8, 33, 45, 54]]).max() < 0.05


def test_the_closer_look_can_be_trained_alone(start):
    whole = start(n_steps=2)
    whole.run()
    before = {name: value.clone() for name, value in whole._network.state_dict().items()}
    alone = start(n_steps=6, part="close-look")
    alone.resume()
    alone.run()
    changed = {
        name
        for name, value in alone._network.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed and all(name.startswith("close_look.eye.") for name in changed)
