"""What an arm can do after reading another's translated episodes, without a task step of its own."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.vector import ManipulationVecEnv, make_babble_env, make_vec_env
from hacpo_robot.learning.evaluation import Act, evaluate
from hacpo_robot.sharing.body_schema import BodySchema
from hacpo_robot.sharing.calibration import babble, note_starts
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.fitting import SchemaQuality, fit_schema
from hacpo_robot.sharing.recorder import EpisodeRecorder, Step
from hacpo_robot.sharing.relevance import feasibility
from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.sharing.translation import translate
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.training import SchemaSettings

NOISE = 0.2
"""Spread of the noise on the expert's arm actions, so that its episodes show how to recover."""
TOLERANCE = 1.0
"""Missed effect at which feasibility fell to 1/e; a reader with nothing else takes more."""
WIDTH = 128
BATCH = 512
FIT_STEPS = 4000
LEARNING_RATE = 1e-3
BLUR = 0.15
"""Noise on what is read, in spreads of it: an exact fit hangs on what a translation does not get right."""
GAMMA = 0.95
DEMONSTRATION_SEED, BODY_SEED, HELD_OUT_SEED = 11, 5, 99


@dataclass(frozen=True)
class Transfer:
    """How one arm does after reading."""

    robot: str
    quality: SchemaQuality
    effect_error: float
    """Median missed effect of the translated steps, in standard deviations of the reader's own effects."""
    support: float
    """Median distance of the translated states to what the reader babbled, in support radii."""
    n_episodes: int
    success_once: float
    """Per cent of the episodes."""
    success_at_end: float
    """Per cent of the episodes."""


def demonstrate(robot: str, task: str, n_episodes: int) -> Experience:
    """Noisy episodes of the scripted expert that end in success.

    Raises:
        ValueError: the expert fails in more than half of them.
    """
    env = make_vec_env(load_robot(robot), load_task(task), 2 * n_episodes, seed=DEMONSTRATION_SEED)
    rng, expert = np.random.default_rng(3), ScriptedExpert(env.cell)
    observation = env.reset()
    recorder, good = EpisodeRecorder(env.num_envs), list[Experience]()
    for _ in range(env.horizon):
        action, hub = expert.act(), env.hub_state()
        action[:, :-1] += NOISE * rng.standard_normal(action[:, :-1].shape)
        action = np.clip(action, -1.0, 1.0)
        following, reward, ended, infos = env.step(action)
        recorder.add(Step(observation, action, *hub, env.effect(), reward, ended))
        for world in np.flatnonzero(ended):
            if infos[world]["is_success"]:
                good.append(recorder.cut(world, GAMMA, 0.0))
        expert.forget(np.flatnonzero(ended))
        observation = np.asarray(following)
    env.close()
    if len(good) < n_episodes:
        raise ValueError(f"the expert of {robot} on {task} succeeded {len(good)} times, not {n_episodes}")
    return concatenate(good[:n_episodes])


def read(steps: Experience, robot: str, task: str, settings: SchemaSettings, n_episodes: int) -> Transfer:
    """Calibrate an arm, translate, fit a policy by weighted regression, and try it.

    Args:
        steps: Episodes of another arm.
        robot: Who reads.
        task: On what.
        settings: Of the reader's body schema.
        n_episodes: Held-out episodes.
    """
    schema, quality = calibrate_alone(robot, task, settings)
    env = make_vec_env(load_robot(robot), load_task(task), n_episodes, seed=HELD_OUT_SEED)
    words = translate(steps, schema, env)
    act = regress(words.observation, words.action, feasibility(words.support, words.effect_error, TOLERANCE))
    result = evaluate(env, act, n_episodes).evaluation
    env.close()
    return Transfer(
        robot=robot,
        quality=quality,
        effect_error=float(np.median(words.effect_error)),
        support=float(np.median(words.support)),
        n_episodes=n_episodes,
        success_once=result.success_once,
        success_at_end=result.success_at_end,
    )


def calibrate_alone(robot: str, task: str, settings: SchemaSettings) -> tuple[BodySchema, SchemaQuality]:
    """A body schema from babble alone."""
    spec, scene = load_robot(robot), load_task(task)
    moved: ManipulationVecEnv = make_babble_env(spec, scene, 64, seed=BODY_SEED)
    env = make_vec_env(spec, scene, 64, seed=BODY_SEED)
    data = babble(moved, settings.babble_steps, np.random.default_rng(1))
    fitted = fit_schema(Anatomy.of(env), data, note_starts(env), settings, seed=0)
    moved.close()
    env.close()
    return fitted


def regress(observation: NDArray[np.float32], action: NDArray[np.floating], weight: FloatArray) -> Act:
    """A policy by weighted regression. Shapes (n, observation size), (n, action size), (n,)."""
    mean, spread = observation.mean(axis=0), observation.std(axis=0) + 1e-4
    inputs = torch.as_tensor((observation - mean) / spread)
    targets = torch.as_tensor(action, dtype=torch.float32)
    weights = torch.as_tensor(weight, dtype=torch.float32)[:, None]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        sizes = ((inputs.shape[1], WIDTH), (WIDTH, WIDTH), (WIDTH, targets.shape[1]))
        layers = [layer for size in sizes for layer in (torch.nn.Linear(*size), torch.nn.Tanh())]
        net = torch.nn.Sequential(*layers[:-1])
        optimizer = torch.optim.Adam(net.parameters(), LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, FIT_STEPS)
        for _ in range(FIT_STEPS):
            rows = torch.randint(len(inputs), (BATCH,))
            blurred = inputs[rows] + BLUR * torch.randn(BATCH, inputs.shape[1])
            optimizer.zero_grad()
            (weights[rows] * (net(blurred) - targets[rows]).pow(2)).mean().backward()
            optimizer.step()
            schedule.step()

    @torch.no_grad()
    def act(raw: NDArray[np.float32]) -> NDArray[np.floating]:
        return net(torch.as_tensor((raw - mean) / spread)).clamp(-1, 1).numpy()

    return act
