"""Videos are drawn where OpenGL is, and missed with one sentence where it is not."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.study.video import Clip, Filming, make_videos, read_recording

N_PICTURES = 6


def clip(robot, episode, n_steps=N_PICTURES):
    env = make_vec_env(load_robot(robot), load_task("lift"), n_envs=1, seed=0, n_threads=1)
    qpos = np.repeat(env.cell.worlds.qpos[:1], n_steps, axis=0)
    env.close()
    return Clip(robot, "lift", f"{robot}: success", qpos, np.zeros((0, 7)), episode)


def test_without_opengl_there_is_a_sentence_and_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setenv("PYOPENGL_PLATFORM", "egl")  # contradicts osmesa: MuJoCo refuses
    clips = [[Clip("panda", "lift", "x", np.zeros((1, 16)), np.zeros((0, 7)), 0)]]
    fault = make_videos(clips, tmp_path)
    assert fault.startswith("no video, as drawing failed (osmesa: ")
    assert "\n" not in fault
    assert not list(tmp_path.glob("*.mp4"))


def test_a_recording_says_what_it_was_given(tmp_path, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setenv("PYOPENGL_PLATFORM", "egl")
    rows = [
        [Clip(name, "lift", f"{name} {i}", np.full((2, 3), i), np.ones(3), i) for name in "ab"]
        for i in (0, 1)
    ]
    filming = Filming(width=64, height=32, view="close")
    make_videos(rows, tmp_path, filming)
    kept, how = read_recording(tmp_path / "recording.npz")
    assert how == filming
    for row, again in zip(rows, kept, strict=True):
        for one, other in zip(row, again, strict=True):
            assert (one.robot, one.task, one.caption) == (other.robot, other.task, other.caption)
            assert one.episode == other.episode
            np.testing.assert_array_equal(one.qpos, other.qpos)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"n_episodes": 0}, "episodes to film must be positive, not 0"),
        ({"width": 401}, "an even width and height of at least 16 pixels, not 401x300"),
        ({"height": 0}, "an even width and height of at least 16 pixels, not 400x0"),
        ({"view": "fornt"}, r"unknown camera 'fornt' \(did you mean 'front'\?\)"),
    ],
)
def test_what_cannot_be_filmed_is_refused(wanted, sentence):
    with pytest.raises((InvalidSpecError, UnknownNameError), match=sentence):
        Filming(**wanted)


def test_failures_come_first_where_they_are_asked_for():
    at_end = np.array([True, False, True, False])
    assert Filming(n_episodes=3).choose(at_end) == [0, 1, 2]
    assert Filming(n_episodes=3, failures_first=True).choose(at_end) == [1, 3, 0]
    assert Filming(n_episodes=9).choose(at_end) == [0, 1, 2, 3]


@pytest.mark.slow
# imageio-ffmpeg leaves the pipes of its reader to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_videos_are_h264_that_browsers_play(tmp_path, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "egl")
    filming = Filming(width=320, height=200, view="front")
    for before in ("panda_ep0.mp4", "scara_ep7.mp4"):
        (tmp_path / before).touch()
    rows = [[clip("panda", i), clip("ur5e", i, 3)] for i in range(3)]
    assert make_videos(rows, tmp_path, filming) is None
    (tmp_path / "scara_ep7.mp4").unlink()  # what is of others stays
    films = [f"{robot}_ep{i}.mp4" for robot in ("panda", "ur5e") for i in range(3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid.mp4", *films]
    for name, size in (("grid.mp4", (2 * 320, 2 * 200)), ("panda_ep0.mp4", (320, 200))):
        frames = imageio_ffmpeg.read_frames(str(tmp_path / name))
        meta, pictures = next(frames), list(frames)
        frames.close()
        assert (meta["codec"], meta["pix_fmt"].split("(")[0]) == ("h264", "yuv420p")
        assert meta["size"] == size
        assert len(pictures) == N_PICTURES
        assert np.frombuffer(pictures[0], np.uint8).std() > 10, "the picture is empty"
    whole = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(tmp_path / "grid.mp4"), "-f", "null", "-"],
        capture_output=True,
        text=True,
    )
    assert (whole.returncode, whole.stderr) == (0, "")
