"""Many copies of one model, stepped together by one native call."""

import os

import mujoco
import numpy as np
from mujoco.rollout import Rollout
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


class Worlds:
    """Owner of the physics state of ``n_worlds`` independent copies of one model.

    ``sensors`` has shape (n_worlds, n_sensor_values). After :meth:`place` it shows exactly the
    placed state; after :meth:`step` it shows the state one physics step (5 ms) before the end of
    the control step, all sensors alike, as MuJoCo computes sensors before it integrates.

    The outcome depends on a world's own state and controls only: not on its neighbours, on the
    number of worlds or on the number of threads.
    """

    def __init__(
        self, model: mujoco.MjModel, n_worlds: int, *, substeps: int, n_threads: int | None = None
    ) -> None:
        """Start every world in the model's default pose.

        Args:
            model: The compiled model that all worlds share.
            n_worlds: How many copies.
            substeps: Physics steps per control step.
            n_threads: Native threads; all cores when not given.
        """
        self.model = model
        self.n_worlds = n_worlds
        self.substeps = substeps
        n_threads = min(n_threads or os.cpu_count() or 1, n_worlds)
        self._pool = Rollout(nthread=n_threads if n_threads > 1 else 0)
        self._data = [mujoco.MjData(model) for _ in range(n_threads)]
        n_state = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        self._initial = np.empty(n_state)
        mujoco.mj_getState(model, self._data[0], self._initial, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        self._states = np.tile(self._initial, (n_worlds, 1))
        self._trace = np.empty((n_worlds, substeps, n_state))
        self._sensor_trace = np.empty((n_worlds, substeps, model.nsensordata))
        self.sensors = np.zeros((n_worlds, model.nsensordata))
        self._qpos = slice(1, 1 + model.nq)
        self._qvel = slice(1 + model.nq, 1 + model.nq + model.nv)

    @property
    def qpos(self) -> FloatArray:
        """Positions. Shape (n_worlds, nq), read-only view."""
        return _read_only(self._states[:, self._qpos])

    @property
    def default_qpos(self) -> FloatArray:
        """Positions of the model as compiled. Shape (nq,)."""
        return self._initial[self._qpos].copy()

    def place(self, worlds: IntArray, qpos: FloatArray) -> None:
        """Put some worlds at rest in given positions and refresh their sensors.

        Args:
            worlds: Which worlds. Shape (k,).
            qpos: Their new positions. Shape (k, nq).
        """
        if len(worlds) == 0:
            return
        states = np.tile(self._initial, (len(worlds), 1))
        states[:, self._qpos] = qpos
        self._states[worlds] = states
        sensors = np.empty((len(worlds), 1, self.model.nsensordata))
        controls = np.zeros((len(worlds), 1, self.model.nu))
        self._roll(states, controls, np.empty((len(worlds), 1, states.shape[1])), sensors)
        self.sensors[worlds] = sensors[:, 0]

    def step(self, controls: FloatArray) -> NDArray[np.bool_]:
        """Hold ``controls`` for one control step.

        Args:
            controls: Actuator targets. Shape (n_worlds, nu).

        Returns:
            Which worlds failed (numbers not finite, or MuJoCo gave the step up). Shape (n_worlds,).
            A failed world keeps its last good state until it is placed anew.
        """
        before = self._states.copy()
        held = np.repeat(controls[:, None], self.substeps, axis=1)
        self._roll(before, held, self._trace, self._sensor_trace)
        after, sensors = self._trace[:, -1], self._sensor_trace[:, -1]
        elapsed = after[:, 0] - before[:, 0]
        on_time = np.abs(elapsed - self.substeps * self.model.opt.timestep) < 1e-6
        good = on_time & np.isfinite(after).all(axis=-1) & np.isfinite(sensors).all(axis=-1)
        self._states[good] = after[good]
        self.sensors[good] = sensors[good]
        return ~good

    def get_state(self) -> dict[str, FloatArray]:
        """Copies of everything that decides the future."""
        return {"physics": self._states.copy(), "sensors": self.sensors.copy()}

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self._states[:] = state["physics"]
        self.sensors[:] = state["sensors"]

    def close(self) -> None:
        """Stop the native threads."""
        self._pool.close()

    def _roll(self, states: FloatArray, controls: FloatArray, trace: FloatArray, sensors: FloatArray) -> None:
        self._pool.rollout(
            [self.model] * len(states),
            self._data,
            states,
            controls,
            nstep=controls.shape[1],
            state=trace,
            sensordata=sensors,
            skip_checks=True,
            control_spec=int(mujoco.mjtState.mjSTATE_CTRL),
        )


def _read_only(array: FloatArray) -> FloatArray:
    view = array.view()
    view.flags.writeable = False
    return view
