"""Whatever is wrong with a file, it ends in one sentence: no traceback, no wait, no policy."""

import os
import signal
import sys
from functools import partial

import numpy as np
import pytest

from hacpo_robot.export import runtime
from hacpo_robot.export.runtime import MAX_FILE_BYTES, PolicyError, load_policy
from tests.export.malformed_documents import DOCUMENTS
from tests.export.malformed_models import MODELS
from tests.export.policies import write_policy

PATIENCE = 20
"""Seconds after which a file counts as one that hangs; all take milliseconds."""


def cut(share, path):
    whole = write_policy(path).read_bytes()
    path.write_bytes(whole[: int(share * (len(whole) - 1))])


def endless(path):
    path.symlink_to("/dev/zero")


def sparse(path):
    path.touch()
    os.truncate(path, MAX_FILE_BYTES + 1)


FILES = {
    "an absent file": lambda path: path.unlink(missing_ok=True),
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a device without end": endless,
    "a file of seventeen megabytes": sparse,
    "an empty file": lambda path: path.touch(),
    "a text": lambda path: path.write_text("I am a policy\n"),
    "half a million parts": lambda path: path.write_bytes(b"\x08\x00" * (500_000)),
    "zeros": lambda path: path.write_bytes(bytes(10_000)),
    "ones": lambda path: path.write_bytes(b"\xff" * 10_000),
    "a zip archive": lambda path: path.write_bytes(b"PK\x03\x04" + bytes(100)),
    "a pickle": lambda path: path.write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/owned'\ntR."),
}

CASES = {
    **DOCUMENTS,
    **MODELS,
    **FILES,
    **{f"cut at {share:.3f}": partial(cut, share) for share in np.linspace(0, 1, 41)},
}


@pytest.fixture(autouse=True)
def impatient():
    """A file that hangs is a failure, not a wait."""

    def _give_up(*_):
        pytest.fail(f"still busy after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_there_are_hundreds_of_malformed_files():
    assert len(CASES) > 200


@pytest.mark.parametrize("name", CASES)
def test_malformed_file_ends_in_one_sentence(name, tmp_path, monkeypatch, capfd):
    path = tmp_path / "policy.onnx"
    CASES[name](path)
    with pytest.raises(PolicyError) as refused:
        load_policy(path)
    monkeypatch.setattr(sys, "argv", ["runtime.py", str(path), "--self-test"])
    assert runtime.main() == 2
    out, err = capfd.readouterr()
    assert (out, err) == ("", f"{refused.value}\n")
    assert err.count("\n") == 1
    assert len(err) < 600 + len(str(path))


def spoil(content, rng):
    """A few bytes changed, some removed."""
    spoiled = bytearray(content)
    for place in rng.integers(len(spoiled), size=rng.integers(1, 4)):
        spoiled[place] = rng.integers(256)
    if rng.random() < 0.2:
        place = rng.integers(len(spoiled))
        del spoiled[place : place + rng.integers(1, 50)]
    return bytes(spoiled)


def test_file_with_wrong_bytes_is_refused_or_still_a_policy_within_bounds(tmp_path, rng, capfd):
    path = write_policy(tmp_path / "policy.onnx", inputs="sensors", low_pass_hz=2.0)
    whole, refused = path.read_bytes(), 0
    for _ in range(300):
        path.write_bytes(spoil(whole, rng))
        try:
            policy = load_policy(path)
        except PolicyError as error:
            refused += "\n" not in str(error)
        else:
            actions = policy.act_flat(np.zeros((2, 7)))
            assert ((actions >= policy.low - 1e-5) & (actions <= policy.high + 1e-5)).all()
    assert refused > 150
    assert capfd.readouterr() == ("", "")
