"""One arm's side of a fleet: its PPO, its normaliser, its callback, its generators."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.learning.callback import HACPOCallback
from hacpo_robot.learning.randomness import Randomness
from hacpo_robot.sharing.embodiment import EmbodiedVecEnv
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sharing.member import Member
from hacpo_robot.sharing.pace import Standing
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.training import PPOSettings


@dataclass
class Learner:
    """An SB3 model that can be trained a rollout at a time."""

    name: str
    model: PPO
    callback: HACPOCallback | None
    """``None`` where nothing is shared: then this is plain SB3."""
    randomness: Randomness
    watchers: Sequence[BaseCallback] = ()
    """More callbacks that its training calls; they leave it as it is."""
    _running: BaseCallback | None = None

    @property
    def normalizer(self) -> VecNormalize:
        """The observation statistics that belong to the policy.

        Raises:
            InvalidSpecError: it has none.
        """
        normalizer = self.model.get_vec_normalize_env()
        if normalizer is None:
            raise InvalidSpecError(f"checkpoints and exports of {self.name} need its PPO in a VecNormalize")
        return normalizer

    @property
    def env(self) -> VecEnv:
        """The environment itself, without wrappers."""
        env = self.model.get_env()
        assert env is not None
        return env.unwrapped

    def change_task(self, task: TaskSpec) -> None:
        """Go on with a task that differs in numbers, wherever it trains or tries what others would do.

        Checkpoints do not keep it: what is restored from one trains on the task that its run began with.

        Raises:
            InvalidSpecError: it has other objects, or a goal more or less.
        """
        envs = [self.env, None if self.callback is None else self.callback.rehearsal_env]
        for env in envs:
            if env is not None:
                env.env_method("change_task", task, indices=[0])

    @property
    def member(self) -> Member:
        """Its place at the exchange, taken on first use."""
        assert self.callback is not None
        return self.callback.take_place(self.env)

    @property
    def success_rate(self) -> float:
        """Share of the last hundred training episodes that ended in success; 0 before the first."""
        return float(np.mean(self.model.ep_success_buffer or [0.0]))

    def standing(self, steps: int) -> Standing:
        """How far it has come of ``steps``, and what its last hundred training episodes returned."""
        returns = [episode["r"] for episode in self.model.ep_info_buffer or ()]
        return Standing(self.model.num_timesteps / steps, float(np.mean(returns or [0.0])))

    def begin(self, steps: int, logger: Logger) -> None:
        """Prepare for training up to ``steps`` in all."""
        with self.randomness.mine():
            self.model.set_logger(logger)
            fresh = self.model.num_timesteps == 0
            remaining = steps - self.model.num_timesteps
            callbacks = [each for each in (self.callback, *self.watchers) if each is not None]
            _, self._running = self.model._setup_learn(remaining, callbacks, reset_num_timesteps=fresh)
            self._running.on_training_start(locals(), globals())

    def iterate(self, steps: int) -> None:
        """One rollout and one update, as in SB3's ``learn``."""
        model = self.model
        assert self._running is not None
        assert model.env is not None
        with self.randomness.mine():
            model.collect_rollouts(
                model.env, self._running, model.rollout_buffer, n_rollout_steps=model.n_steps
            )
            model._update_current_progress_remaining(model.num_timesteps, steps)
            model.train()
            model.dump_logs(model.num_timesteps // (model.n_steps * model.n_envs))

    def finish(self) -> None:
        """Learn what the last rollout left to learn."""
        assert self._running is not None
        with self.randomness.mine():
            self._running.on_training_end()

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Actions without noise. Raw observations (n, observation size) -> (n, action size) in [-1, 1]."""
        normalizer = self.model.get_vec_normalize_env()
        seen = observation if normalizer is None else normalizer.normalize_obs(observation)
        return self.model.predict(seen, deterministic=True)[0]


def learning_rate_schedule(start: float, decay: float) -> Callable[[float], float]:
    """A learning rate that is constant, then falls linearly to zero.

    Args:
        start: The rate at first.
        decay: Share of the training, at its end, in which it falls; 0 keeps it constant.

    Returns:
        Function of the remaining share of training, as SB3 takes it.
    """

    def rate(remaining: float) -> float:
        # The last rollout may end beyond the last step, where SB3 gives a share below zero.
        return start * min(1.0, max(0.0, remaining) / decay) if decay > 0 else start

    return rate


def make_learner(
    name: str,
    env: VecEnv,
    settings: PPOSettings,
    seed: int,
    exchange: Exchange | None,
    rehearsal_env: EmbodiedVecEnv | None = None,
) -> Learner:
    """A learner with a fresh policy.

    Args:
        name: Its name in the fleet.
        env: Its environment; normalised here.
        settings: Of PPO.
        seed: Of policy and training.
        exchange: Where it shares; ``None`` for plain PPO.
        rehearsal_env: Worlds in which it tries what others would do.
    """
    outside = Randomness()
    with outside.mine():
        normalizer = VecNormalize(env, gamma=settings.gamma)
        model = PPO(
            "MlpPolicy",
            normalizer,
            seed=seed,
            device="cpu",
            n_steps=settings.n_steps,
            batch_size=settings.batch_size,
            n_epochs=settings.n_epochs,
            learning_rate=learning_rate_schedule(settings.learning_rate, settings.lr_decay),
            gamma=settings.gamma,
            gae_lambda=settings.gae_lambda,
            clip_range=settings.clip_range,
            ent_coef=settings.ent_coef,
            vf_coef=settings.vf_coef,
            max_grad_norm=settings.max_grad_norm,
            policy_kwargs={
                "net_arch": list(settings.net_arch),
                "activation_fn": torch.nn.Tanh,
                "log_std_init": settings.log_std_init,
            },
        )
        own = Randomness()
    callback = None if exchange is None else HACPOCallback(exchange, name, rehearsal_env)
    return Learner(name, model, callback, own)
