"""Many worlds, stepped together by one native call."""

from collections.abc import Sequence
from typing import Any, Protocol

import mujoco
import numpy as np
from mujoco.rollout import Rollout
from numpy.typing import NDArray

from hacpo_robot.cores import own_cores
from hacpo_robot.specs.signature import IntArray

FloatArray = NDArray[np.float64]
INPUTS = int(
    mujoco.mjtState.mjSTATE_CTRL | mujoco.mjtState.mjSTATE_MOCAP_POS | mujoco.mjtState.mjSTATE_MOCAP_QUAT
)
"""What is held during a control step."""


class NativeRollout(Protocol):
    """What steps all worlds in one call: :class:`mujoco.rollout.Rollout`, or a stopwatch around it."""

    def rollout(self, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401
        """Step worlds; see MuJoCo."""
        ...

    def close(self) -> None:
        """Stop the threads."""
        ...


class Worlds:
    """Owner of the physics state of independent worlds, one model each; they may share it.

    ``sensors`` has shape (n_worlds, n_sensor_values). After :meth:`place` it shows exactly the
    placed state; after :meth:`step` it shows the state one physics step (5 ms) before the end of
    the control step, all sensors alike, as MuJoCo computes sensors before it integrates.

    The outcome depends on a world's own state and controls only: not on its neighbours, on the
    number of worlds or on the number of threads.
    """

    def __init__(
        self, models: Sequence[mujoco.MjModel], *, substeps: int, n_threads: int | None = None
    ) -> None:
        """Start every world in its model's default pose.

        Args:
            models: One compiled model per world; they may differ in numbers, never in structure.
            substeps: Physics steps per control step.
            n_threads: Native threads; all cores that this process may use when not given.
        """
        self.model = model = models[0]
        self.n_worlds = n_worlds = len(models)
        self.substeps = substeps
        self._duration = substeps * model.opt.timestep
        n_threads = min(n_threads or len(own_cores()), n_worlds)
        self._models = list(models)
        self.native: NativeRollout = Rollout(nthread=n_threads if n_threads > 1 else 0)
        self._data = [mujoco.MjData(model) for _ in range(n_threads)]
        n_state = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        self._initial = np.empty(n_state)
        mujoco.mj_getState(model, self._data[0], self._initial, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        self._states = np.tile(self._initial, (n_worlds, 1))
        self._mocap = np.tile(self.default_mocap, (n_worlds, 1, 1))
        self._held = np.empty((n_worlds, substeps, model.nu + 7 * model.nmocap))
        self._trace = np.empty((n_worlds, substeps, n_state))
        self._sensor_trace = np.empty((n_worlds, substeps, model.nsensordata))
        self.sensors = np.zeros((n_worlds, model.nsensordata))
        self._qpos = slice(1, 1 + model.nq)

    @property
    def qpos(self) -> FloatArray:
        """Positions. Shape (n_worlds, nq), read-only view."""
        return _read_only(self._states[:, self._qpos])

    @property
    def mocap(self) -> FloatArray:
        """Positions and quaternions of mocap bodies. Shape (n_worlds, nmocap, 7), read-only view."""
        return _read_only(self._mocap)

    @property
    def default_qpos(self) -> FloatArray:
        """Positions of the model as compiled. Shape (nq,)."""
        return self._initial[self._qpos].copy()

    @property
    def default_mocap(self) -> FloatArray:
        """Mocap poses of the model as compiled. Shape (nmocap, 7)."""
        return np.concatenate([self._data[0].mocap_pos, self._data[0].mocap_quat], axis=-1)

    def place(
        self,
        worlds: IntArray,
        qpos: FloatArray,
        mocap: FloatArray | None = None,
        controls: FloatArray | None = None,
    ) -> None:
        """Put some worlds at rest in given positions and refresh their sensors.

        Args:
            worlds: Which worlds. Shape (k,).
            qpos: Their new positions. Shape (k, nq).
            mocap: Their new mocap poses, position then quaternion, shape (k, nmocap, 7); the model's
                where not given.
            controls: Actuator targets that hold them there, shape (k, nu); all zero where not given. Forces
                are sensed as they are under these.
        """
        if len(worlds) == 0:
            return
        mocap = np.tile(self.default_mocap, (len(worlds), 1, 1)) if mocap is None else mocap
        states = np.tile(self._initial, (len(worlds), 1))
        states[:, self._qpos] = qpos
        self._states[worlds], self._mocap[worlds] = states, mocap
        sensors = np.empty((len(worlds), 1, self.model.nsensordata))
        controls = np.zeros((len(worlds), self.model.nu)) if controls is None else controls
        inputs = _inputs(controls, mocap)[:, None]
        models = [self._models[world] for world in worlds]
        self._roll(models, states, inputs, np.empty((len(worlds), 1, states.shape[1])), sensors)
        self.sensors[worlds] = sensors[:, 0]

    def step(self, controls: FloatArray) -> NDArray[np.bool_]:
        """Hold ``controls`` for one control step.

        Args:
            controls: Actuator targets. Shape (n_worlds, nu).

        Returns:
            Which worlds failed (numbers not finite, or MuJoCo gave the step up). Shape (n_worlds,).
            A failed world keeps its last good state until it is placed anew.
        """
        self._held[:] = _inputs(controls, self._mocap)[:, None]
        self._roll(self._models, self._states, self._held, self._trace, self._sensor_trace)
        after, sensors = self._trace[:, -1], self._sensor_trace[:, -1]
        elapsed = after[:, 0] - self._states[:, 0]
        on_time = np.abs(elapsed - self._duration) < 1e-6
        good = on_time & np.isfinite(after).all(axis=-1) & np.isfinite(sensors).all(axis=-1)
        self._states = np.where(good[:, None], after, self._states)
        self.sensors = np.where(good[:, None], sensors, self.sensors)
        return ~good

    def get_state(self) -> dict[str, FloatArray]:
        """Copies of everything that decides the future."""
        return {
            "physics": self._states.copy(),
            "mocap": self._mocap.copy(),
            "sensors": self.sensors.copy(),
        }

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self._states[:] = state["physics"]
        self._mocap[:] = state["mocap"]
        self.sensors[:] = state["sensors"]

    def replace_models(self, models: Sequence[mujoco.MjModel]) -> None:
        """Go on from where every world is, with other numbers.

        Args:
            models: One per world, of the structure of those before.
        """
        self.model, self._models = models[0], list(models)

    def close(self) -> None:
        """Stop the native threads."""
        self.native.close()

    def _roll(
        self,
        models: list[mujoco.MjModel],
        states: FloatArray,
        inputs: FloatArray,
        trace: FloatArray,
        sensors: FloatArray,
    ) -> None:
        self.native.rollout(
            models,
            self._data,
            states,
            inputs,
            nstep=inputs.shape[1],
            state=trace,
            sensordata=sensors,
            skip_checks=True,
            control_spec=INPUTS,
        )


def _inputs(controls: FloatArray, mocap: FloatArray) -> FloatArray:
    """What MuJoCo holds: actuator targets, mocap positions, mocap quaternions. Shape (n, nu + 7 nmocap)."""
    n = len(controls)
    return np.concatenate([controls, mocap[:, :, :3].reshape(n, -1), mocap[:, :, 3:].reshape(n, -1)], axis=-1)


def _read_only(array: FloatArray) -> FloatArray:
    view = array.view()
    view.flags.writeable = False
    return view
