"""A missing device is named; for one that does not work the CPU steps in, and that is said."""

import numpy as np
import pytest

from mien.core.cli.command import main
from mien.core.errors import ArgumentError, BackendError, WeightsCorrupt
from mien.core.inference.devices import PROVIDERS, Device, available_devices, check_device
from mien.core.inference.onnx_network import OnnxNetwork
from mien.core.inference.weights import find_weights, open_network
from mien.core.pipeline import CapturePlan, capture

onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
EPFail = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state").EPFail

CUDA = PROVIDERS["cuda"]
NETWORK = "face_detection_short_range"
OUT_OF_MEMORY = "[ONNXRuntimeError] : 11 : EP_FAIL : CUDA failure 2: out of memory"


class FakeDriver:
    """A provider that is offered, and how it behaves; the CPU computes for it.

    `n_good_runs` : runs of each session before it fails; `spoil` : what it makes of good results
    """

    def __init__(self, *, fails_to_open=None, is_quietly_left_out=False, n_good_runs=10**9):
        self.fails_to_open = fails_to_open
        self.is_quietly_left_out = is_quietly_left_out
        self.n_good_runs = n_good_runs
        self.spoil = lambda results: results
        self.n_opened = self.n_runs = 0


@pytest.fixture
def driver_of_cuda(monkeypatch):
    """Return a function that installs a `FakeDriver` as ONNX Runtime's CUDA."""
    real = onnxruntime.InferenceSession

    def install(**behaviour):
        driver = FakeDriver(**behaviour)

        class Session(real):
            def __init__(self, path, options, *, providers, **others):
                self.is_cuda = providers[0] == CUDA
                driver.n_opened += self.is_cuda
                self.n_left = driver.n_good_runs
                if self.is_cuda and driver.fails_to_open is not None:
                    raise driver.fails_to_open
                super().__init__(path, options, providers=[PROVIDERS["cpu"]], **others)

            def get_providers(self):
                known = super().get_providers()
                return [CUDA, *known] if self.is_cuda and not driver.is_quietly_left_out else known

            def run(self, names, inputs):
                results = super().run(names, inputs)
                if not self.is_cuda:
                    return results
                driver.n_runs += 1
                self.n_left -= 1
                if self.n_left < 0:
                    raise EPFail(
                        "[ONNXRuntimeError] : 11 : EP_FAIL : CUDA failure 2: out of memory"
                    )
                return driver.spoil(results)

        offered = [CUDA, "AzureExecutionProvider", PROVIDERS["cpu"]]
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
        monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
        return driver

    return install


@pytest.fixture
def image():
    return np.random.default_rng(3).integers(0, 256, (2, 128, 128, 3), np.uint8)


@pytest.fixture
def on_cpu(image):
    """What the CPU computes, before anything is faked."""
    return open_network(NETWORK).run(image=image)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.fixture(params=["refuses to open", "is left out quietly", "fails to run", "computes NaN"])
def broken(request, on_cpu, driver_of_cuda):
    """CUDA in each way not to work; with what it is said to be."""
    if request.param == "refuses to open":
        driver_of_cuda(fails_to_open=RuntimeError("CUDA driver version is insufficient\nat line 3"))
        return "CUDA driver version is insufficient"
    if request.param == "is left out quietly":
        driver_of_cuda(is_quietly_left_out=True)
        return "ONNX Runtime could not start it"
    if request.param == "fails to run":
        driver_of_cuda(n_good_runs=0)
        return OUT_OF_MEMORY
    driver_of_cuda().spoil = lambda results: [array * np.float32(np.nan) for array in results]
    return "it computes what is not a number"


def test_the_cpu_does_the_work_of_a_device_that_does_not_work(broken, image, on_cpu):
    device = Device("cuda")
    network = open_network(NETWORK, device=device)
    assert_same(network.run(image=image), on_cpu)
    assert_same(network.run(image=image), on_cpu)
    assert device.in_use == "cpu"
    assert device.warnings == (
        f"Device 'cuda' does not work: {broken} (network '{NETWORK}.onnx'). The CPU did its work; "
        "the result is the CPU's. 'cuda' needs an NVIDIA graphics card with its driver, CUDA and "
        "cuDNN, and the Python package 'onnxruntime-gpu' in place of 'onnxruntime'.",
    )


def test_nothing_is_printed_where_results_are_read(broken, image, capfd):
    open_network(NETWORK, device="cuda").run(image=image)
    assert capfd.readouterr().out == ""


def test_a_device_that_works_is_used_and_nothing_is_said(driver_of_cuda, image, on_cpu):
    driver, device = driver_of_cuda(), Device("cuda")
    network = open_network(NETWORK, device=device)
    for _ in range(3):
        assert_same(network.run(image=image), on_cpu)
    assert driver.n_runs == 3 and device.in_use == "cuda" and device.warnings == ()


def test_one_network_finds_out_for_all(driver_of_cuda, image):
    driver, device = driver_of_cuda(n_good_runs=0), Device("cuda")
    networks = [open_network(NETWORK, device=device) for _ in range(3)]
    for network in networks:
        network.run(image=image)
    open_network(NETWORK, device=device).run(image=image)
    assert driver.n_opened == 3 and driver.n_runs == 1
    assert len(device.warnings) == 1


def test_a_failure_after_a_good_run_is_an_error_with_names(driver_of_cuda, image):
    driver_of_cuda(n_good_runs=2)
    device = Device("cuda")
    network = open_network(NETWORK, device=device)
    network.run(image=image)
    network.run(image=image)
    with pytest.raises(BackendError) as caught:
        network.run(image=image)
    assert str(caught.value) == (
        f"Network '{NETWORK}.onnx' failed on device 'cuda': [ONNXRuntimeError] : 11 : EP_FAIL : "
        "CUDA failure 2: out of memory. Choose the device cpu."
    )
    assert device.warnings == () and isinstance(caught.value.__cause__, EPFail)


def test_a_failure_of_the_cpu_is_an_error_with_names(monkeypatch, image):
    def fail(self, names, inputs):
        raise EPFail("no more threads")

    network = open_network(NETWORK)
    monkeypatch.setattr(onnxruntime.InferenceSession, "run", fail)
    with pytest.raises(BackendError, match=r"failed on device 'cpu': no more threads\. Run `mien"):
        network.run(image=image)


def test_a_damaged_file_is_no_fault_of_the_device(driver_of_cuda, tmp_path):
    driver_of_cuda()
    path = tmp_path / "broken.onnx"
    path.write_bytes(find_weights(NETWORK).path.read_bytes()[:5000])
    device = Device("cuda")
    with pytest.raises(WeightsCorrupt, match=r"broken\.onnx' cannot be loaded on 'cpu'"):
        OnnxNetwork(path, device=device)
    assert device.warnings == ()


def test_wrong_inputs_are_no_fault_of_the_device(driver_of_cuda, image):
    driver, device = driver_of_cuda(n_good_runs=0), Device("cuda")
    network = open_network(NETWORK, device=device)
    with pytest.raises(ValueError, match="must have shape"):
        network.run(image=image[:, :64])
    assert driver.n_runs == 0 and device.warnings == ()


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("cuda", "'onnxruntime-gpu' in place of 'onnxruntime'"),
        ("coreml", "macOS"),
        ("directml", "'onnxruntime-directml' in place of"),
    ],
)
def test_a_device_that_is_not_offered_says_what_is_and_what_it_needs(monkeypatch, name, needs):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [PROVIDERS["cpu"]])
    assert available_devices() == ["cpu"]
    with pytest.raises(BackendError) as caught:
        open_network(NETWORK, device=name)
    assert str(caught.value).startswith(
        f"Device '{name}' is not available: the installed ONNX Runtime {onnxruntime.__version__} "
        f"offers cpu. '{name}' needs "
    )
    assert needs in str(caught.value)
    check_device("cpu")


def test_a_device_that_there_is_not_is_named_with_those_that_there_are():
    with pytest.raises(
        ArgumentError, match=r"no device 'abacus'\. Choose one of cpu, cuda, coreml, directml\."
    ):
        open_network(NETWORK, device="abacus")


@pytest.mark.weights
def test_a_capture_says_once_that_the_cpu_took_over(driver_of_cuda, astronaut, tmp_path, capsys):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    for frame in range(3):
        shifted = np.roll(astronaut, 2 * frame, axis=1)
        cv2.imwrite(str(tmp_path / f"shot_{frame:04}.png"), shifted[..., ::-1])
    footage = str(tmp_path / "shot_####.png")
    expected = capture(CapturePlan(footage, tmp_path / "cpu.take"))
    driver_of_cuda(n_good_runs=0)
    words = ["capture", footage, "--take", str(tmp_path / "cuda.take"), "--device", "cuda"]
    assert main(words, scene_writer=None) == 0
    told = capsys.readouterr().err
    assert told.count("mien: warning: Device 'cuda' does not work: ") == told.count("cuda' d") == 1
    found = capture(CapturePlan(footage, tmp_path / "again.take", device="cuda"))
    assert len(found.warnings) == len(expected.warnings) + 1
    assert expected.faces[0].presence.all()
    np.testing.assert_array_equal(found.faces[0].landmarks_px, expected.faces[0].landmarks_px)
