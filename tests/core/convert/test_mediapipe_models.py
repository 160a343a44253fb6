"""MediaPipe's own models, converted whole: LiteRT, torch and the conversion agree."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from runtimes import litert_results, onnx_results

from mien.core.convert import packages
from mien.core.convert.mediapipe_models import (
    FULL_RANGE_DETECTOR,
    KNOWN_MODELS,
    convert_known,
    known_model,
    reference_results,
)
from mien.core.convert.recognise import recognise
from mien.core.convert.recognise import reference_results as torch_results
from mien.core.convert.tflite_graph import read_tflite_graph
from mien.core.convert.tflite_to_onnx import onnx_from_tflite
from mien.core.convert.tflite_wide_channels import widen_channels
from mien.core.errors import WeightsCorrupt
from mien.core.networks.attention_points import IRIS, LEFT_EYE, N_RING, RIGHT_EYE, merging_order

BUNDLE = "weights/mediapipe/face_landmarker.task"
BUNDLED = ("face_landmarks_detector.tflite", "face_blendshapes.tflite", "face_detector.tflite")
# The first four are a face's; the others, of hands and bodies, show that no rule fits faces only.
IN_THE_WHEEL = (
    packages.LANDMARK_TFLITE.path,
    packages.DETECTOR_TFLITE.path,
    packages.FULL_RANGE_TFLITE.path,
    "mediapipe/modules/iris_landmark/iris_landmark.tflite",
    "mediapipe/modules/hand_landmark/hand_landmark_lite.tflite",
    "mediapipe/modules/palm_detection/palm_detection_lite.tflite",
)


def example(shape):
    """Return floats as a network's own input has them; points as pixels."""
    scale = 500 if len(shape) == 3 else 1
    return np.random.default_rng(3).random(shape, np.float32) * np.float32(scale)


def assert_agrees_with_litert(data):
    graph = read_tflite_graph(data, subject="test")
    values = example(graph.shapes()[0][0])
    expected = litert_results(data, [values])
    for given in (graph, widen_channels(graph)):
        found = onnx_results(onnx_from_tflite(given), [values])
        for like, array in zip(expected, found, strict=True):
            assert array.ravel() == pytest.approx(like.ravel(), abs=1e-3)


@pytest.mark.weights
@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundles_models_compute_what_litert_computes(data_file, name):
    with zipfile.ZipFile(data_file(BUNDLE)) as archive:
        assert_agrees_with_litert(archive.read(name))


@pytest.mark.assets
@pytest.mark.parametrize("path", IN_THE_WHEEL)
def test_the_wheels_models_compute_what_litert_computes(wheel, path):
    with zipfile.ZipFile(wheel) as archive:
        assert_agrees_with_litert(archive.read(path))


@pytest.mark.assets
def test_an_unknown_custom_operator_is_named(wheel):
    path = "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"
    with zipfile.ZipFile(wheel) as archive:
        graph = read_tflite_graph(archive.read(path), subject="'selfie'")
    expected = r"operator 244, custom 'Convolution2DTransposeBias', which computes 'segment'"
    with pytest.raises(WeightsCorrupt, match=expected):
        onnx_from_tflite(graph)


@pytest.mark.assets
@pytest.mark.parametrize("member", [packages.LANDMARK_TFLITE, packages.DETECTOR_TFLITE])
def test_torch_and_the_conversion_agree(wheel, member):
    data = packages.read_wheel_member(wheel, member)
    image, results = _torch_results(data)
    scaled = image / 127.5 - 1 if member is packages.DETECTOR_TFLITE else image / 255
    converted = _converted_results(data, scaled)
    by_size = {array[0].size: array for array in converted.values()}
    for name, expected in results.items():
        found = by_size[expected[0].size].reshape(expected.shape)
        if name == "presence":
            found = 1 / (1 + np.exp(-found))
        assert found == pytest.approx(expected, abs=1e-3), name


@pytest.mark.assets
def test_torch_and_the_conversion_agree_on_the_attention_mesh(wheel):
    data = packages.read_wheel_member(wheel, packages.ATTENTION_TFLITE)
    image, results = _torch_results(data)
    found = _converted_results(data, image / 255)
    mesh = found["output_mesh_identity"].reshape(2, 468, 3)
    order = ("lips", "left_eye", "left_iris", "right_eye", "right_iris")
    refined = [found[f"output_{name}"].reshape(2, -1, 2) for name in order]
    flat = np.concatenate([mesh[..., :2], *refined], axis=1)[:, merging_order()]
    rings = [mesh[:, ring[:N_RING], 2].mean(1) for ring in (LEFT_EYE, RIGHT_EYE)]
    depth = np.column_stack([mesh[..., 2], *(np.repeat(r[:, None], IRIS, 1) for r in rings)])
    assert flat == pytest.approx(results["landmarks"][..., :2], abs=2e-3)
    assert depth == pytest.approx(results["landmarks"][..., 2], abs=2e-3)
    presence = 1 / (1 + np.exp(-found["conv_faceflag"].ravel()))
    assert presence == pytest.approx(results["presence"], abs=1e-5)


def _torch_results(data):
    """Return two images, and what torch computes of them."""
    model = recognise(data, subject="test")
    shape = (2, *model.graph.image_size, 3)
    image = np.random.default_rng(4).integers(0, 256, shape, np.uint8)
    return image, torch_results(model.network, image)


def _converted_results(data, values):
    """Return what the conversion computes, by the file's own names."""
    graph = read_tflite_graph(data, subject="test")
    results = onnx_results(onnx_from_tflite(graph), [values.astype(np.float32)])
    return dict(zip([graph.tensors[i].name for i in graph.outputs], results, strict=True))


@pytest.mark.assets
def test_a_known_model_is_told_by_its_shapes_and_checked(wheel):
    data = packages.read_wheel_member(wheel, packages.FULL_RANGE_TFLITE)
    graph = read_tflite_graph(data, subject="'detector'")
    assert known_model(graph) is FULL_RANGE_DETECTOR
    model = convert_known(graph, FULL_RANGE_DETECTOR)
    scores, boxes = onnx_results(model.onnx, [model.example["image"]])
    assert scores == pytest.approx(model.expected["scores"], abs=1e-3)
    assert boxes == pytest.approx(model.expected["boxes"], abs=1e-3)
    again = reference_results(graph, FULL_RANGE_DETECTOR, model.example)
    assert (again["scores"] == model.expected["scores"]).all()
    for other in KNOWN_MODELS[:2]:
        with pytest.raises(WeightsCorrupt, match=r"'detector' is not MediaPipe's .*\(1, 192, 192"):
            convert_known(graph, other)
