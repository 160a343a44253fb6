from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from mien.core import pipeline
from mien.core.cli import capture_verbs
from mien.core.errors import BackendError, CannotOpen, ExportError
from mien.core.pipeline import CapturePlan
from mien.core.settings import AnimateSettings, MeshSettings, SmoothSettings
from mien.core.takes import read_take

CAPTURE = ("capture", "clip.mp4", "--take", "clip.take")


def test_capture_makes_a_take_and_says_what_was_found(mien, mien_json, fake_capture, tmp_path):
    code, out, err = mien(*CAPTURE, "--faces", 2)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("clip.mp4: 8 frames, 2 faces, lost in 3 frames; ")
    assert lines[1] == str(tmp_path / "clip.take")
    assert err == "mien: warning: The clip ends early.\n"
    code, values = mien_json(*CAPTURE, "--faces", 2, "--overwrite")
    assert (code, values["n_frames"], values["n_new_frames"], values["is_complete"]) == (
        0,
        8,
        8,
        True,
    )
    assert values["take"] == str(tmp_path / "clip.take")
    assert values["warnings"] == ["The clip ends early."]
    assert [face["n_lost"] for face in values["faces"]] == [0, 3]


def test_every_option_reaches_the_capture(mien, fake_capture, tmp_path):
    mien(*CAPTURE)
    mien(
        *("capture", "shots", "--take", "other.take", "--engine", "facemesh-468", "--faces", 2),
        *("--no-track", "--start", "1:01.5", "--end", "1:00:00", "--rate", 12.5),
        *("--device", "cuda", "--threads", 2),
    )
    plain, full = fake_capture.plans
    assert plain == CapturePlan(footage="clip.mp4", take_folder=tmp_path / "clip.take")
    assert (full.footage, full.take_folder) == ("shots", tmp_path / "other.take")
    assert (full.engine, full.device, full.n_threads) == ("facemesh-468", "cuda", 2)
    assert (full.track.n_faces, full.track.is_tracked) == (2, False)
    assert (full.source.start_s, full.source.end_s, full.source.rate_hz) == (61.5, 3600.0, 12.5)


def test_a_take_that_is_there_is_kept_unless_asked(mien, fake_capture):
    mien(*CAPTURE)
    code, _, err = mien(*CAPTURE)
    assert code == 3 and "--resume goes on with the take, --overwrite replaces it." in err
    assert len(fake_capture.plans) == 1
    assert mien(*CAPTURE, "--overwrite")[0] == 0
    assert fake_capture.plans[-1].is_overwriting


def test_an_interrupted_capture_ends_with_130_names_what_it_kept_and_goes_on(
    mien, mien_json, fake_capture, tmp_path
):
    fake_capture.interrupt_at = 4
    code, out, err = mien(*CAPTURE)
    assert (code, out) == (130, "")
    assert f"5 frames are kept in '{tmp_path / 'clip.take'}'; --resume goes on there." in err
    assert not read_take("clip.take").is_complete
    fake_capture.interrupt_at = None
    code, values = mien_json(*CAPTURE, "--resume")
    assert (code, values["n_frames"], values["n_new_frames"]) == (0, 8, 3)
    assert fake_capture.plans[-1].is_resumed


def test_resume_begins_where_there_is_nothing_to_go_on_with(mien, fake_capture):
    assert mien(*CAPTURE, "--resume")[0] == 0
    assert not fake_capture.plans[0].is_resumed


def test_a_clip_without_a_face_ends_with_4_and_leaves_nothing(mien, fake_capture, tmp_path):
    fake_capture.lost = (tuple(range(8)),)
    code, _, err = mien("animate", "clip.mp4", "-o", "face.npz")
    assert code == 4 and "No face was found in 'clip.mp4'" in err
    assert not list(tmp_path.iterdir())


def test_animate_writes_every_output_from_one_capture_and_removes_its_take(
    mien, fake_capture, blender, tmp_path
):
    code, out, err = mien("animate", "clip.mp4", "-o", "face.glb", "-o", "face.npz", "-o", "b.mdd")
    assert code == 0 and len(fake_capture.plans) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "b.mdd",
        "b.obj",
        "face.glb",
        "face.npz",
    ]
    assert out.splitlines()[1:] == [
        f"{tmp_path / 'face.glb'}: shape-keys, 12 keys, worst error 0.090 mm (Blender 9.9)",
        f"{tmp_path / 'face.npz'}",
        f"{tmp_path / 'b.mdd'} (with b.obj)",
    ]
    assert err == "mien: warning: The clip ends early.\nmien: warning: Look out.\n"


def test_animate_says_in_json_what_it_wrote(mien_json, fake_capture, tmp_path):
    code, values = mien_json("animate", "clip.mp4", "-o", "face.fbx", "-o", "a.pc2", "--take", "t")
    assert code == 0 and values["take"] == str(tmp_path / "t")
    assert [one["path"] for one in values["outputs"]] == [
        str(tmp_path / "face.fbx"),
        str(tmp_path / "a.pc2"),
    ]
    assert values["outputs"][0]["n_blendshapes"] == 12
    assert values["outputs"][1]["beside"] == [str(tmp_path / "a.obj")]
    assert read_take("t").is_complete
    code, values = mien_json("animate", "clip.mp4", "-o", "face.fbx", "-o", "face.glb")
    assert values["take"] is None
    assert values["warnings"] == ["The clip ends early.", "Look out."]


def test_every_option_reaches_the_scene(mien, fake_capture, blender, tmp_path):
    mien("animate", "clip.mp4", "-o", "plain.blend")
    assert len(blender.paths) == 1
    mien(
        *("animate", "clip.mp4", "-o", "face.usdc", "--carrier", "cache", "--tolerance", 0.5),
        *("--subdivide", 2, "--limit-surface", "--smooth", "live", "--min-cutoff", 2, "--beta", 3),
        *("--fill-gaps", 0.4, "--camera", "--no-texture", "--scene-rate", 29.97),
        *("--depth", "take", "--scale", "iris", "--quick-gain", 7),
    )
    assert blender.paths == ()
    mien("animate", "clip.mp4", "-o", "live.abc", "--quality", "live")
    plain, full, live = blender.jobs
    assert (plain.smooth, plain.mesh, plain.animate) == (
        SmoothSettings(),
        MeshSettings(),
        AnimateSettings(),
    )
    assert (plain.has_camera, plain.scene_rate_hz) == (False, None)
    assert plain.output == str(tmp_path / "plain.blend") and Path(plain.take).is_absolute()
    assert full.smooth == SmoothSettings(
        mode="live",
        min_cutoff_hz=2,
        beta=3,
        quick_gain=7,
        fill_gap_s=0.4,
        depth="take",
        scale="iris",
    )
    assert full.mesh == MeshSettings(subdivide=2, use_limit_surface=True)
    assert full.animate == AnimateSettings(carrier="cache", tolerance_m=0.0005)
    assert (full.has_camera, full.scene_rate_hz) == (True, 29.97)
    assert live.smooth.mode == "live"


@pytest.mark.parametrize(
    ("output", "code", "message"),
    [
        ("nowhere/face.npz", 3, "there is no folder '"),
        ("folder.npz", 2, "is a folder. Name a file"),
        ("clip.mp4", 2, "is the footage itself"),
        ("face.blend", 3, "No Blender."),
    ],
)
def test_outputs_are_checked_before_the_capture(
    mien, fake_capture, blender, tmp_path, output, code, message
):
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "clip.mp4").write_text("footage")
    blender.missing = BackendError("No Blender.")
    found = mien("animate", "clip.mp4", "-o", "good.npz", "-o", output)
    assert found[0] == code and message in found[2]
    assert not fake_capture.plans
    assert (tmp_path / "clip.mp4").read_text() == "footage"


@pytest.mark.parametrize("kind", ["relative", "home", "address", "link"])
def test_footage_is_not_written_over_however_it_is_named(
    mien, fake_capture, tmp_path, monkeypatch, kind
):
    monkeypatch.setenv("HOME" if os.name == "posix" else "USERPROFILE", str(tmp_path))
    clip = tmp_path / "clip.mp4"
    clip.write_text("footage")
    (tmp_path / "link.mp4").symlink_to(clip)
    words = {"relative": "./clip.mp4", "home": "~/clip.mp4", "address": clip.as_uri()}
    code, _, err = mien("animate", words.get(kind, "link.mp4"), "-o", "clip.mp4")
    assert code == 2 and "is the footage itself" in err
    assert not fake_capture.plans and clip.read_text() == "footage"


def test_one_output_in_two_spellings_is_one(mien, fake_capture, tmp_path):
    (tmp_path / "folder").mkdir()
    code, _, err = mien("animate", "clip.mp4", "-o", "face.npz", "-o", "folder/../face.npz")
    assert code == 2 and "named twice" in err


def test_what_was_captured_is_kept_when_an_output_fails_and_written_by_resume(
    mien, fake_capture, blender, tmp_path
):
    blender.error = ExportError("Blender broke.")
    words = ("animate", "clip.mp4", "-o", "face.blend", "-o", "face.npz")
    code, _, err = mien(*words)
    assert code == 3
    assert err == (
        "mien: Blender broke.\n"
        f"8 frames are kept in '{tmp_path / 'face.take'}'; --resume goes on there.\n"
    )
    assert mien(*words)[0] == 3, "a capture that was kept is not thrown away by the next one"
    blender.error = None
    assert mien(*words, "--resume")[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["face.blend", "face.npz"]


def test_an_interrupt_between_outputs_keeps_the_take(mien, fake_capture, blender, tmp_path):
    blender.error = KeyboardInterrupt()
    code, _, err = mien("animate", "clip.mp4", "-o", "face.npz", "-o", "face.blend")
    assert code == 130 and "8 frames are kept in" in err
    assert (tmp_path / "face.npz").exists() and not (tmp_path / "face.blend").exists()


def test_a_take_that_cannot_be_removed_is_told_and_the_rest_is_done(
    mien_json, fake_capture, tmp_path, monkeypatch
):
    def refuse(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(capture_verbs, "remove_take", refuse)
    code, values = mien_json("animate", "clip.mp4", "-o", "face.npz")
    assert code == 0 and values["take"] == str(tmp_path / "face.take")
    assert "face.take' could not be removed: Permission denied." in values["warnings"][-1]


def test_a_scene_that_broke_because_of_ctrl_c_counts_as_interrupted(
    mien, fake_capture, blender, monkeypatch
):
    def end_like_blender_in_a_terminal(job, *, textures, on_progress):
        os.kill(os.getpid(), signal.SIGINT)
        raise ExportError("Blender ended with signal 2.")

    monkeypatch.setattr(blender, "write", end_like_blender_in_a_terminal)
    code, _, err = mien("animate", "clip.mp4", "-o", "face.blend")
    assert code == 130 and err.startswith("mien: Interrupted.\n8 frames are kept in")


def test_the_take_of_a_running_capture_is_left_alone(mien, fake_capture, tmp_path):
    plan = CapturePlan("clip.mp4", tmp_path / "clip.take")
    with fake_capture._writer(plan) as running:
        code, _, err = mien(*CAPTURE, "--resume")
        assert code == 3 and "is being written by another capture" in err and "kept" not in err
        code, _, err = mien(*CAPTURE, "--overwrite")
        assert code == 3 and "is being written by another capture" in err
        running.append(0, 0.0, faces=fake_capture._faces(plan, 0))
        running.finish()
    assert read_take("clip.take").n_frames == 1


def test_a_capture_that_never_began_leaves_no_take(mien, fake_capture, tmp_path):
    fake_capture.error_at[0] = CannotOpen("Video 'clip.mp4' cannot be opened.")
    code, _, err = mien("animate", "clip.mp4", "-o", "face.npz")
    assert (code, err) == (3, "mien: Video 'clip.mp4' cannot be opened.\n")
    assert not list(tmp_path.iterdir())


def test_animate_keeps_a_take_that_the_user_made_and_says_so(mien, mien_json, fake_capture):
    assert mien("capture", "clip.mp4", "--take", "face.take")[0] == 0
    code, out, _ = mien("animate", "clip.mp4", "-o", "face.npz", "--resume")
    assert code == 0 and out.splitlines()[-1].endswith("face.take is kept: it was not begun here.")
    code, values = mien_json("animate", "clip.mp4", "-o", "face.npz", "--resume")
    assert (code, values["take"]) == (0, str(Path("face.take").absolute()))
    assert read_take("face.take").n_frames == 8


def test_animate_keeps_a_take_that_the_user_has_gone_on_with(mien, fake_capture, tmp_path):
    fake_capture.interrupt_at = 4
    mien("animate", "clip.mp4", "-o", "face.npz")
    fake_capture.interrupt_at = None
    assert mien("capture", "clip.mp4", "--take", "face.take", "--resume")[0] == 0
    assert mien("animate", "clip.mp4", "-o", "face.npz", "--resume")[0] == 0
    assert read_take(tmp_path / "face.take").is_complete


def test_an_error_before_the_take_is_begun_says_nothing_of_an_older_one(
    mien, fake_capture, tmp_path, monkeypatch
):
    assert mien(*CAPTURE)[0] == 0

    def fail(plan, *, on_progress):
        raise CannotOpen("Video 'clip.mp4' cannot be opened.")

    monkeypatch.setattr(pipeline, "capture", fail)
    wanted = (3, "", "mien: Video 'clip.mp4' cannot be opened.\n")
    assert mien(*CAPTURE, "--overwrite") == wanted
    assert read_take("clip.take").n_frames == 8
    (tmp_path / "clip.take" / "time_s.f64").unlink()
    assert mien(*CAPTURE, "--overwrite") == wanted


def test_a_take_that_is_overwritten_counts_only_its_new_frames(mien, fake_capture):
    assert mien(*CAPTURE)[0] == 0
    fake_capture.interrupt_at = 2
    assert "\n3 frames are kept in" in mien(*CAPTURE, "--overwrite")[2]


def test_damage_to_the_take_does_not_hide_what_stopped_the_work(
    mien, fake_capture, blender, tmp_path, monkeypatch
):
    def break_all(job, *, textures, on_progress):
        (tmp_path / "face.take" / "time_s.f64").unlink()
        raise ExportError("Blender broke.")

    monkeypatch.setattr(blender, "write", break_all)
    assert mien("animate", "clip.mp4", "-o", "face.blend")[::2] == (3, "mien: Blender broke.\n")


def test_ctrl_c_ends_a_recording_and_the_rest_is_done(mien, mien_json, fake_capture, tmp_path):
    fake_capture.interrupt_at = 4
    code, values = mien_json("capture", "camera:0", "--take", "t")
    assert (code, values["n_frames"], values["is_complete"]) == (0, 5, True)
    assert mien("animate", "camera:0", "-o", "face.npz")[0] == 0
    assert (tmp_path / "face.npz").exists() and not (tmp_path / "face.take").exists()


def test_a_second_ctrl_c_interrupts_what_follows_a_recording(
    mien, fake_capture, blender, tmp_path, monkeypatch
):
    def end_like_blender_in_a_terminal(job, *, textures, on_progress):
        os.kill(os.getpid(), signal.SIGINT)
        raise ExportError("Blender ended with signal 2.")

    monkeypatch.setattr(blender, "write", end_like_blender_in_a_terminal)
    fake_capture.interrupt_at = 4
    code, _, err = mien("animate", "camera:0", "-o", "face.blend")
    assert code == 130
    assert err == (
        "mien: Interrupted.\n"
        f"5 frames are kept in '{tmp_path / 'face.take'}'; 'mien export' writes them.\n"
    )
    assert read_take("face.take").is_complete


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a program that is sent SIGTERM")
def test_whoever_ends_the_program_ends_the_recording_and_nothing_follows(
    mien, fake_capture, tmp_path
):
    fake_capture.interrupt_at, fake_capture.signal = 4, signal.SIGTERM
    code, _, err = mien("animate", "camera:0", "-o", "face.npz")
    assert code == 130 and "5 frames are kept in" in err
    assert read_take("face.take").is_complete and not (tmp_path / "face.npz").exists()
