"""A point in the plane that is pushed to a goal, in bodies that sense and push differently; no MuJoCo."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from hacpo_robot.sharing.body_schema import BodySchema
from hacpo_robot.sharing.calibration import babble, note_starts
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.sharing.experience import Experience, discounted_returns
from hacpo_robot.sharing.fitting import SchemaQuality, fit_schema
from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.specs.signature import Signature, uniform_field
from hacpo_robot.specs.training import SchemaSettings

HORIZON = 12
EDGE = 1.0
"""Half the width of the plane; who leaves it ends the episode."""


def _fan(first, n):
    """``n`` directions in the plane. Shape (n, 2)."""
    angles = first + np.arange(n) * (np.pi / 2 if n == 2 else 2 * np.pi / n)
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


@dataclass(frozen=True)
class ToyBody:
    """How one point senses itself and is pushed."""

    name: str
    n_senses: int
    n_thrusters: int
    turn: float
    """Between its senses and the world [rad]."""
    sees_offset: bool
    """Whether it senses the goal from itself, else in the world."""


TWO = ToyBody("two", n_senses=2, n_thrusters=2, turn=0.7, sees_offset=True)
THREE = ToyBody("three", n_senses=3, n_thrusters=3, turn=-0.4, sees_offset=False)


def _axes(n):
    return tuple(f"{i}" for i in range(n))


class ToyVecEnv(VecEnv):
    """An ``Embodiment`` that offers what ``ManipulationVecEnv`` does."""

    body_signature = Signature(
        (
            uniform_field("pos", ("x", "y"), 2.0, unit="m", frame="world"),
            uniform_field("vel", ("x", "y"), 1.0, unit="m/s", frame="world"),
            uniform_field("width", ("w",), 1.0, unit="m"),
        )
    )
    world_signature = Signature((uniform_field("goal", ("x", "y"), 1.0, unit="m", frame="world"),))
    effect_signature = Signature(
        (
            uniform_field("translation", ("x", "y"), 1.0, unit="m", frame="world"),
            uniform_field("grip", ("g",), 1.0, unit="1"),
        )
    )
    body_names: tuple[str, ...] = ("sensed_pos", "sensed_vel", "width")
    world_names: tuple[str, ...] = ("seen_goal",)
    render_mode = None

    def __init__(self, body: ToyBody = TWO, n_envs: int = 8, seed: int = 0, *, radius: float = 0.3) -> None:
        """``radius`` is how near the goal counts as success."""
        self.body, self.radius = body, radius
        self.observation_signature = Signature(
            (
                uniform_field("sensed_pos", _axes(body.n_senses), 10.0, unit="1"),
                uniform_field("seen_goal", ("x", "y"), 3.0, unit="m"),
                uniform_field("sensed_vel", _axes(body.n_senses), 10.0, unit="1"),
                uniform_field("width", ("w",), 1.0, unit="m"),
            )
        )
        thrusters = uniform_field("thrusters", _axes(body.n_thrusters), 1.0, unit="1")
        self.action_signature = Signature((thrusters, uniform_field("grip", ("g",), 1.0, unit="1")))
        self.command_signature, one = self.action_signature, np.ones(self.action_signature.size)
        self.command_scale = CommandScale(-one, one, 0 * one)
        self._eyes = 2.0 * _fan(body.turn, body.n_senses)
        self._thrust = 0.1 * _fan(0.3 - body.turn, body.n_thrusters)
        low, high = (getattr(self.observation_signature, side).astype(np.float32) for side in ("low", "high"))
        self._dream(seed, n_envs)
        super().__init__(n_envs, spaces.Box(low, high), spaces.Box(-1.0, 1.0, (self.action_signature.size,)))

    def _dream(self, seed, n_envs):
        self.rngs = [np.random.default_rng([seed, world]) for world in range(n_envs)]
        self._z, self._goal = np.zeros((n_envs, 5)), np.zeros((n_envs, 2))
        self._elapsed = np.zeros(n_envs, int)
        self.last_success = np.zeros(n_envs, bool)

    def _begin(self, worlds):
        for world in worlds:
            rng = self.rngs[world]
            self._z[world] = [*rng.uniform(-0.5, 0.5, 2), 0, 0, rng.uniform(0, 0.5)]
            self._goal[world] = rng.uniform(-0.5, 0.5, 2)
            self._elapsed[world] = 0

    def reset(self):
        if self._seeds[0] is not None:
            self._dream(self._seeds[0], self.num_envs)
            self._reset_seeds()
        self._begin(range(self.num_envs))
        return self._observation()

    def step_async(self, actions):
        self._actions = np.clip(np.asarray(actions, float), -1.0, 1.0)

    def step_wait(self):
        pos, vel, width = np.split(self._z, [2, 4], axis=1)
        after = 0.5 * vel + self._actions[:, :-1] @ self._thrust
        self._effect = np.concatenate([after, self._actions[:, -1:]], axis=1)
        self._z = np.concatenate([pos + after, after, 0.8 * width + 0.2 * self._actions[:, -1:]], axis=1)
        self._elapsed += 1
        distance = np.linalg.norm(self._goal - self._z[:, :2], axis=1)
        self.last_success = distance < self.radius
        left = (np.abs(self._z[:, :2]) > EDGE).any(axis=1)
        ended = left | (self._elapsed >= HORIZON)
        observation, infos = self._observation(), [{} for _ in range(self.num_envs)]
        for world in np.flatnonzero(ended):
            infos[world] = {
                "terminal_observation": observation[world].copy(),
                "TimeLimit.truncated": not left[world],
                "is_success": bool(self.last_success[world]),
                "episode": {"r": 0.0, "l": int(self._elapsed[world]), "t": 0.0},
            }
        self._begin(np.flatnonzero(ended))
        return self._observation(), np.exp(-3 * distance).astype(np.float32), ended, infos

    def _observation(self):
        pos, vel, width = np.split(self._z, [2, 4], axis=1)
        seen = self.sense_world(self._z, self._goal)
        # A slightly bent sense of place: no linear map would do.
        place = np.sinh(pos @ self._eyes.T)
        return np.concatenate([place, seen, 10 * vel @ self._eyes.T, width], axis=1).astype(np.float32)

    def hub_state(self):
        return self._z.copy(), self._goal.copy()

    def effect(self):
        return self._effect

    def sense_world(self, body, world):
        return world - body[:, :2] if self.body.sees_offset else world.copy()

    def get_state(self):
        return {"z": self._z.copy(), "goal": self._goal.copy(), "elapsed": self._elapsed.copy()}

    def set_state(self, state):
        self._z, self._goal, self._elapsed = (state[name].copy() for name in ("z", "goal", "elapsed"))
        return self._observation()

    def close(self):
        pass

    def get_attr(self, attr_name, indices=None):
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name, value, indices=None):  # noqa: ARG002
        setattr(self, attr_name, value)

    def env_method(self, method_name, *args, indices=None, **kwargs):
        answer = getattr(self, method_name)(*args, **kwargs)
        return [answer for _ in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class, indices=None):  # noqa: ARG002
        return [False for _ in self._get_indices(indices)]


@cache
def fitted(body: ToyBody, babble_steps: int = 8000, fit_steps: int = 400) -> tuple[BodySchema, SchemaQuality]:
    """A calibrated schema; shared by tests, which leave it as it is."""
    env = ToyVecEnv(body, n_envs=32, seed=5)
    data = babble(env, babble_steps, np.random.default_rng(1))
    settings = SchemaSettings(babble_steps=babble_steps, fit_steps=fit_steps, bank_size=4000)
    return fit_schema(Anatomy.of(env), data, note_starts(env), settings, 0)


def live(env: ToyVecEnv, n_episodes: int, seed: int = 0) -> list[Experience]:
    """Whole episodes of gentle random pushing; their lengths differ where the point leaves the plane."""
    rng, observation, rows, episodes = np.random.default_rng(seed), env.reset(), [], []
    first = np.zeros(env.num_envs, int)
    push = rng.uniform(-1, 1, (env.num_envs, env.action_signature.size))
    while len(episodes) < n_episodes:
        action = np.clip(push + 0.3 * rng.standard_normal(push.shape), -1, 1)
        body, world = env.hub_state()
        following, reward, ended, _ = env.step(action)
        rows.append((observation, action, body, world, env.effect(), reward))
        for k in np.flatnonzero(ended):
            columns = [np.stack([row[i][k] for row in rows[first[k] :]]) for i in range(6)]
            number = np.full(len(columns[0]), len(episodes), np.int64)
            episodes.append(Experience(*columns[:5], discounted_returns(columns[5], 0.95, 0.0), number))
            first[k], push[k] = len(rows), rng.uniform(-1, 1, push.shape[1])
        observation = following
    return episodes[:n_episodes]


def live_together(env: ToyVecEnv, n_episodes: int, seed: int = 0) -> Experience:
    """Same, one after the other."""
    return concatenate(live(env, n_episodes, seed))
