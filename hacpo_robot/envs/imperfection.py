"""How imperfect sensors deliver: seldom, late, shifted, noisy, or not at all.

What becomes of a reading is told in :class:`~hacpo_robot.specs.sensor.SensorSpec`. Every world draws
from its own generator, the same number of draws in every step.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.envs.body_channels import BodyChannel
from hacpo_robot.envs.keypoints import CORNERS, join_corners, split_corners
from hacpo_robot.envs.world_channels import WorldChannel
from hacpo_robot.specs.sensor import SensorSpec
from hacpo_robot.specs.signature import FloatArray, IntArray

BoolArray = NDArray[np.bool_]
Rngs = Sequence[np.random.Generator]
Channel = BodyChannel | WorldChannel


@dataclass(frozen=True)
class _Flaw:
    """One imperfect channel of ``size`` elements."""

    sensor: SensorSpec
    elements: IntArray
    """Its place in the observation vector. Shape (size,)."""
    columns: slice
    """Its place among all imperfect elements."""
    draws: slice
    """Its place among the chances to lose something: the whole reading, or each corner."""
    bounds: FloatArray
    """Low, high. Shape (2, size)."""
    shifted: FloatArray
    """1 where bias and noise are added; 0 for the flags of a detector. Shape (size,)."""

    def each(self, value: float) -> FloatArray:
        """A number for every element. Shape (size,)."""
        return np.full(len(self.elements), value)


def _find_flaws(channels: Sequence[Channel]) -> Iterable[_Flaw]:
    start = column = draw = 0
    for channel in channels:
        sensor, fields = channel.sensor, channel.fields
        elements = np.arange(start, start + sum(field.size for field in fields))
        start += len(elements)
        if sensor.is_perfect:
            continue
        columns, draws = slice(column, column + len(elements)), slice(draw, draw + _count_draws(sensor))
        column, draw = columns.stop, draws.stop
        bounds = [[value for field in fields for value in getattr(field, end)] for end in ("low", "high")]
        shifted = np.ones(len(elements))
        if sensor.camera is not None:
            shifted[-len(CORNERS) :] = 0.0
        yield _Flaw(sensor, elements, columns, draws, np.array(bounds), shifted)


def _count_draws(sensor: SensorSpec) -> int:
    if not sensor.dropout:
        return 0
    return 1 if sensor.camera is None else len(CORNERS)


class Imperfection:
    """Owner of what the imperfect sensors of all worlds have read and not yet delivered.

    Without imperfect sensors it draws nothing and changes nothing. Its arrays have one column per
    imperfect element of the observation vector, ``m`` in all. ``noise_scale`` is a factor on the noise
    of each world, shape (n_worlds, 1), for its owner to set.
    """

    def __init__(self, channels: Sequence[Channel], n_worlds: int, control_hz: float) -> None:
        """Find the imperfect elements.

        Args:
            channels: All stretches of the observation vector, in order.
            n_worlds: How many worlds.
            control_hz: Control steps per second.
        """
        flaws = tuple(_find_flaws(channels))

        def joined(parts: Iterable[FloatArray]) -> FloatArray:
            return np.concatenate([np.zeros(0), *parts])

        self._flaws = flaws
        self._elements = np.concatenate([np.zeros(0, int), *(f.elements for f in flaws)])
        self._low, self._high = (joined(f.bounds[end] for f in flaws) for end in (0, 1))
        self._noise = joined(f.each(f.sensor.noise) * f.shifted for f in flaws)
        self._bias_std = joined(f.each(f.sensor.bias) * f.shifted for f in flaws)
        self._rate = joined(f.each(min((f.sensor.rate_hz or control_hz) / control_hz, 1.0)) for f in flaws)
        self._lag = joined(f.each(round(f.sensor.delay_s * control_hz)) for f in flaws).astype(int)
        self._chance = joined(np.full(_count_draws(f.sensor), f.sensor.dropout) for f in flaws)
        m = len(self._elements)
        self._past = np.zeros((1 + self._lag.max(initial=0), n_worlds, m))  # newest first
        self._bias = np.zeros((n_worlds, m))
        self._age = np.zeros(n_worlds, int)  # control steps since the reset
        self.noise_scale = np.ones((n_worlds, 1))

    def reset(self, worlds: IntArray, ideal: FloatArray, rngs: Rngs) -> None:
        """Begin anew with a first reading, which fills the delay.

        Args:
            worlds: Which worlds. Shape (k,).
            ideal: What perfect sensors read in all worlds now. Shape (n_worlds, observation size).
            rngs: One per world.
        """
        if not self._flaws or len(worlds) == 0:
            return
        rngs = [rngs[world] for world in worlds]
        self._age[worlds] = 0
        self._bias[worlds] = _normal(self._bias_std, rngs)
        reading = self._take(ideal[worlds], worlds, rngs)
        nothing = np.zeros((len(worlds), len(self._chance)), bool)
        self._past[:, worlds], _ = self._lose(reading, nothing)

    def step(self, ideal: FloatArray, rngs: Rngs) -> None:
        """One control step later.

        Args:
            ideal: What perfect sensors read in all worlds now. Shape (n_worlds, observation size).
            rngs: One per world.
        """
        if not self._flaws:
            return
        due = self._count_readings(self._age + 1) > self._count_readings(self._age)
        self._age += 1
        reading = self._take(ideal, slice(None), rngs)
        arrived, stays = self._lose(reading, _uniform(len(self._chance), rngs) < self._chance)
        self._past[1:] = self._past[:-1]
        self._past[0] = np.where(due & ~stays, arrived, self._past[0])

    def deliver(self, ideal: FloatArray) -> FloatArray:
        """The observation vector: ``ideal`` with what the imperfect sensors say. A copy, same shape."""
        vector = ideal.copy()
        if self._flaws:
            late = self._past[self._lag, :, np.arange(len(self._lag))].T
            vector[:, self._elements] = np.clip(late, self._low, self._high)
        return vector

    def _count_readings(self, age: IntArray) -> FloatArray:
        """How many readings were taken after the first. (n_worlds,) -> (n_worlds, m)."""
        return np.floor(age[:, None] * self._rate + 1e-9)

    def _take(self, ideal: FloatArray, worlds: IntArray | slice, rngs: Rngs) -> FloatArray:
        noise = self.noise_scale[worlds] * _normal(self._noise, rngs)
        return ideal[:, self._elements] + self._bias[worlds] + noise

    def _lose(self, reading: FloatArray, lost: BoolArray) -> tuple[FloatArray, BoolArray]:
        """A reading without the corners that were lost, and which elements were lost altogether.

        Args:
            reading: Shape (k, m).
            lost: What chance takes away. Shape (k, n_draws).

        Returns:
            Shapes (k, m), (k, m).
        """
        arrived, stays = reading.copy(), np.zeros(reading.shape, bool)
        for flaw in self._flaws:
            chances = lost[:, flaw.draws]
            if flaw.sensor.camera is not None:
                pixels, visible = split_corners(reading[:, flaw.columns])
                visible = visible & ~chances if flaw.sensor.dropout else visible
                arrived[:, flaw.columns] = join_corners(flaw.sensor.camera, pixels, visible)
            elif flaw.sensor.dropout:
                stays[:, flaw.columns] = chances
        return arrived, stays

    def get_state(self) -> dict[str, FloatArray]:
        """Copies of everything that decides later readings, generators excepted."""
        if not self._flaws:
            return {}
        return {
            "sensor_past": self._past.copy(),
            "sensor_bias": self._bias.copy(),
            "sensor_age": self._age.copy(),
        }

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        if self._flaws:
            self._past[:], self._bias[:] = state["sensor_past"], state["sensor_bias"]
            self._age[:] = state["sensor_age"]


def _normal(std: FloatArray, rngs: Rngs) -> FloatArray:
    """Independent normal numbers, drawn only where the std is not zero. (m,) -> (len(rngs), m)."""
    drawn = np.flatnonzero(std)
    numbers = np.zeros((len(rngs), len(std)))
    if len(drawn):
        numbers[:, drawn] = [rng.standard_normal(len(drawn)) for rng in rngs]
    return numbers * std


def _uniform(n: int, rngs: Rngs) -> FloatArray:
    """Independent numbers in [0, 1). Shape (len(rngs), n)."""
    return np.array([rng.random(n) for rng in rngs]) if n else np.zeros((len(rngs), 0))
