"""The authors' TensorFlow checkpoints become ONNX files that compute what the authors defined.

The real files may not be passed on: the tests write their own, with the same names, shapes, order
and layout, and compute what they should give in NumPy, from TensorFlow's layout.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
import tensorflow_reference
from checkpoint_maker import FLOAT, INT64, STRING, entry, table, write_checkpoint

from mien.core.convert.checkpoint_variables import lprnet_places, resfcn256_places
from mien.core.convert.leveldb_table import read_table
from mien.core.convert.model_import import import_model
from mien.core.errors import BackendError, WeightsCorrupt, WeightsMissing
from mien.core.inference.onnx_network import OnnxNetwork
from mien.core.networks.lprnet import LPrnet
from mien.core.networks.resfcn256 import Resfcn256

END = "/.ATTRIBUTES/VARIABLE_VALUE"


def random_values(places):
    """Return variables that keep a signal within bounds from layer to layer."""
    rng, variables = np.random.default_rng(5), {}
    for name, place in places.items():
        values = rng.standard_normal(place.shape).astype(np.float32)
        if len(place.shape) == 4:
            kernel_height, kernel_width, third, fourth = place.shape
            is_transposed = "transpose" in name or (
                third != 1 and "kernel" in name and third > fourth
            )
            fan_in = fourth if is_transposed else third
            if "depthwise" in name:
                fan_in = 1
            values *= np.sqrt(2 / (kernel_height * kernel_width * fan_in))
        elif "variance" in name:
            values = 1 + 0.3 * np.abs(values)
        elif "gamma" in name:
            values = 0.9 + 0.1 * values
        else:
            values *= 0.2
        variables[name] = values
    return variables


def is_trained(name):
    return not name.removesuffix(END).endswith(("moving_mean", "moving_variance"))


def prnet_extras(variables):
    """Return what Adam leaves in PRNet's checkpoint."""
    slots = [
        (f"{name}/{slot}", values.shape)
        for name, values in variables.items()
        if is_trained(name)
        for slot in ("Adam", "Adam_1")
    ]
    return [*slots, ("beta1_power", ()), ("beta2_power", ())]


def lprnet_extras(variables):
    """Return what Adam leaves in a Keras SavedModel."""
    return [
        (f"{name.removesuffix(END)}/.OPTIMIZER_SLOT/optimizer/{slot}{END}", values.shape)
        for name, values in variables.items()
        if is_trained(name)
        for slot in "mv"
    ]


LPRNET_OTHERS = [
    ("_CHECKPOINTABLE_OBJECT_GRAPH", STRING, b"graph"),
    (f"optimizer/iter{END}", INT64, bytes(8)),
    (f"keras_api/metrics/0/count{END}", FLOAT, bytes(4)),
]


@pytest.fixture(scope="module")
def prnet(tmp_path_factory):
    """Return PRNet's variables, the folder of their checkpoint, and where each begins."""
    variables = random_values(resfcn256_places(Resfcn256()))
    folder = tmp_path_factory.mktemp("net-data")
    prefix = folder / "256_256_resfcn256_weight"
    _, offsets = write_checkpoint(prefix, variables, zeros=prnet_extras(variables))
    return variables, folder, offsets


@pytest.fixture(scope="module")
def lprnet(tmp_path_factory):
    """Return L-PRNet's variables, the folder of their SavedModel, and where each begins."""
    variables = random_values(lprnet_places(LPrnet()))
    folder = tmp_path_factory.mktemp("saved_model")
    (folder / "variables").mkdir()
    (folder / "saved_model.pb").write_bytes(b"not read")
    _, offsets = write_checkpoint(
        folder / "variables" / "variables",
        variables,
        zeros=lprnet_extras(variables),
        others=LPRNET_OTHERS,
        shard=1,
        n_shards=2,
    )
    return variables, folder, offsets


def assert_computes(weights, reference, variables, size):
    """Compare an imported file with NumPy, on a picture with edges, noise and a bright corner."""
    rng = np.random.default_rng(6)
    image = rng.integers(0, 256, (1, size, size, 3), np.uint8)
    image[:, : size // 3, size // 2 :] = (250, 20, 90)
    expected = reference(variables, image[0].astype(np.float32) / 255) * size * 1.1
    found = OnnxNetwork(weights.path).run(image=image)["positions"]
    assert found.shape == (1, size, size, 3) and found.dtype == np.float32
    assert expected.std() > 0.05 * size  # it says something
    assert np.abs(found[0] - expected).max() < 5e-3


def test_prnets_checkpoint_has_the_authors_layout(prnet):
    """Offsets and size as in the published index: names, order and shapes are the authors'."""
    variables, folder, offsets = prnet
    assert len(variables) == 245 and len(variables) + len(prnet_extras(variables)) == 545
    (data,) = folder.glob("*.data-00000-of-00001")
    assert data.stat().st_size == 160_290_984
    assert offsets["resfcn256/Conv/weights"] == 520
    assert offsets["resfcn256/Conv2d_transpose_10/weights"] == 75_532_808
    assert offsets["resfcn256/resBlock_2/shortcut/weights"] == 117_581_992
    assert offsets["resfcn256/resBlock_9/BatchNorm/moving_variance"] == 144_543_912
    assert offsets["resfcn256/resBlock_9/Conv_2/weights"] == 158_718_120


@pytest.mark.slow
def test_prnets_checkpoint_computes_what_its_authors_defined(prnet, tmp_path):
    variables, folder, _ = prnet
    (weights,) = import_model(folder / "256_256_resfcn256_weight.index", folder=tmp_path)
    assert (weights.name, weights.engine) == ("prnet_resfcn256", "prnet-resfcn256")
    assert "256_256_resfcn256_weight.index" in weights.origin
    assert_computes(weights, tensorflow_reference.resfcn256, variables, 256)


@pytest.mark.slow
def test_lprnets_saved_variables_compute_what_their_author_defined(lprnet, tmp_path):
    variables, folder, _ = lprnet
    assert len(variables) == 134
    assert sum(values.size for values in variables.values()) == 4_484_867
    (weights,) = import_model(folder / "saved_model.pb", folder=tmp_path)
    assert (weights.name, weights.engine) == ("lprnet_128", "lprnet-128")
    assert_computes(weights, tensorflow_reference.lprnet, variables, 128)


@pytest.mark.parametrize(
    "named",
    [".", "variables", "variables/variables", "variables/variables.data-00001-of-00002"],
)
def test_any_file_of_a_checkpoint_and_its_folder_name_it(lprnet, tmp_path, named, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # found and read first; torch comes then
    monkeypatch.delitem(sys.modules, "mien.core.convert.checkpoint_networks", raising=False)
    with pytest.raises(BackendError, match=r"'variables\.index' cannot be imported: .*torch"):
        import_model(lprnet[1] / named, folder=tmp_path / "user")


def small_checkpoint(folder, *, change=None, skip=None, extra=()):
    """Write an L-PRNet whose numbers are all 0, with something wrong in its index."""
    places = lprnet_places(LPrnet())
    shapes = {name: place.shape for name, place in places.items() if name != skip}
    shapes.update(change or {})
    shapes.update(extra)
    index, _ = write_checkpoint(folder / "ckpt", {}, zeros=list(shapes.items()))
    return index


KERNEL = f"layer_with_weights-4/kernel{END}"


def assert_refused(path, tmp_path, match, error=WeightsCorrupt):
    user = tmp_path / "user"
    with pytest.raises(error, match=match):
        import_model(path, folder=user)
    assert not user.exists()


def test_a_missing_variable_is_named(tmp_path):
    index = small_checkpoint(tmp_path, skip=KERNEL)
    assert_refused(index, tmp_path, r"lacks 1 of the 134 variables of L-PRNet's network: 'layer_w")


def test_a_variable_too_many_is_named(tmp_path):
    index = small_checkpoint(tmp_path, extra={"layer_with_weights-45/bias/more": (3,)})
    assert_refused(index, tmp_path, r"1 variables that .* does not have: 'layer_.*-45/bias/more' f")


def test_a_variable_of_another_shape_is_named(tmp_path):
    index = small_checkpoint(tmp_path, change={KERNEL: (1, 1, 64, 32)})
    expected = r"'layer_with_weights-4/kernel.*' float32 \(1, 1, 64, 32\), expected float32 \(1, 1,"
    assert_refused(index, tmp_path, expected)


def test_other_checkpoints_are_named_by_their_variables(tmp_path):
    index, _ = write_checkpoint(tmp_path / "x", {}, zeros=[("vgg/conv1", (2, 3))])
    assert_refused(index, tmp_path, r"1 variables \('vgg/conv1' float32 \(2, 3\)\), which no netw")


def test_a_wrong_checksum_is_named(tmp_path):
    index = small_checkpoint(tmp_path)  # holes: their sums were not written
    assert_refused(index, tmp_path, r"'ckpt\.data-00000-of-00001' is damaged: the checksum of 'la")


def test_one_flipped_bit_of_the_data_is_noticed(lprnet, tmp_path):
    _, folder, offsets = lprnet
    place = offsets[KERNEL] + 5
    path = folder / "variables" / "variables.data-00001-of-00002"
    with path.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 1]))
    try:
        assert_refused(folder, tmp_path, rf"the checksum of '{KERNEL}' is wrong")
    finally:
        with path.open("r+b") as file:
            file.seek(place)
            file.write(bytes([byte]))


def test_a_truncated_and_a_missing_shard_are_named(tmp_path):
    places = lprnet_places(LPrnet())
    variables = {name: np.ones(place.shape, np.float32) for name, place in places.items()}
    index, _ = write_checkpoint(tmp_path / "ckpt", variables)
    data = tmp_path / "ckpt.data-00000-of-00001"
    size = data.stat().st_size
    with data.open("r+b") as file:
        file.truncate(size - 4)
    expected = rf"cut off: it has {size - 4} bytes, and 'layer_with_.*' ends at {size}"
    assert_refused(index, tmp_path, expected)
    data.write_bytes(b"")
    assert_refused(index, tmp_path, "cut off: it has 0 bytes")
    data.unlink()
    expected = r"cannot be imported without 'ckpt\.data-00000-of-00001'.*No such file"
    assert_refused(index, tmp_path, expected, WeightsMissing)


def test_numbers_that_are_none_are_named(tmp_path):
    places = lprnet_places(LPrnet())
    variables = {name: np.ones(place.shape, np.float32) for name, place in places.items()}
    variables[KERNEL][0, 0, 3, 4] = np.nan
    index, _ = write_checkpoint(tmp_path / "ckpt", variables)
    assert_refused(index, tmp_path, rf"undefined numbers in '{KERNEL}'")


def test_damage_anywhere_in_the_index_is_an_error(lprnet, tmp_path):
    """Every byte counts: those of blocks for their checksums, those of the footer for the rest."""
    data = (lprnet[1] / "variables" / "variables.index").read_bytes()
    whole = read_table(data, subject="index")
    rng = np.random.default_rng(7)
    n_padding = data[-48:-8].rstrip(b"\0")
    places = [*rng.integers(0, len(data) - 48, 40), *range(len(data) - 48, len(data))]
    for place in places:
        if len(data) - 48 + len(n_padding) <= place < len(data) - 8:
            continue  # zeros that mean nothing
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        try:
            assert read_table(bytes(damaged), subject="index") == whole  # the metaindex, not read
        except WeightsCorrupt as error:
            assert "index is " in str(error)
    for length in (0, 7, 47, 48, 100, len(data) // 2, len(data) - 1):
        path = tmp_path / "cut.index"
        path.write_bytes(data[:length])
        assert_refused(
            path, tmp_path, r"'cut\.index' is no TensorFlow checkpoint's index, or is cu"
        )


def test_a_table_with_short_blocks_and_few_restarts_is_read_whole():
    pairs = [
        (f"name/{number:03d}".encode(), bytes([number]) * (number % 7)) for number in range(99)
    ]
    for block_size, restart_every in ((1, 1), (50, 3), (10_000, 200)):
        data = table(pairs, block_size=block_size, restart_every=restart_every)
        assert list(read_table(data, subject="index").items()) == pairs


def test_compressed_blocks_big_endian_machines_and_slices_are_refused(tmp_path):
    path = tmp_path / "w.index"
    path.write_bytes(table([(b"", b"\x08\x01")], compression=1))
    assert_refused(path, tmp_path, "the block at byte 0 is compressed")
    path.write_bytes(table([(b"", b"\x08\x01\x10\x01")]))
    assert_refused(path, tmp_path, "written by a big-endian machine")
    whole = entry(FLOAT, (3,), shard=0, offset=0, size=12, checksum=0)
    path.write_bytes(table([(b"", b"\x08\x01"), (b"resfcn256/x", whole + b"\x3a\x00")]))
    assert_refused(path, tmp_path, "contradicts itself or is sliced")
    path.write_bytes(table([(b"resfcn256/x", whole)]))
    assert_refused(path, tmp_path, "its entries cannot be read")


def test_a_shard_without_its_index_and_folders_of_none_or_two_are_named(tmp_path):
    shard = tmp_path / "a.data-00000-of-00001"
    shard.write_bytes(b"1234")
    assert_refused(shard, tmp_path, r"without its index 'a\.index'", WeightsMissing)
    assert_refused(tmp_path, tmp_path, "holds no TensorFlow checkpoint", WeightsMissing)
    for name in ("a.index", "b.index"):
        (tmp_path / name).write_bytes(b"")
    assert_refused(tmp_path, tmp_path, r"holds 2 checkpoints: 'a\.index', 'b\.index'")


def test_torch_agrees_with_numpy_on_each_network_when_thin():
    """The networks themselves, before any export, on a picture that is not square."""
    for network, places_of, reference in (
        (Resfcn256(2), resfcn256_places, tensorflow_reference.resfcn256),
        (LPrnet(2), lprnet_places, tensorflow_reference.lprnet),
    ):
        places = places_of(network)
        variables = random_values(places)
        state = network.state_dict()
        for name, place in places.items():
            state[place.key].copy_(torch.from_numpy(variables[name].transpose(place.axes).copy()))
        image = np.random.default_rng(8).random((64, 96, 3), np.float32)
        with torch.inference_mode():
            found = network.eval()(torch.from_numpy(image).permute(2, 0, 1)[None])
        expected = reference(variables, image)
        assert found[0].permute(1, 2, 0).numpy() == pytest.approx(expected, abs=2e-5)
