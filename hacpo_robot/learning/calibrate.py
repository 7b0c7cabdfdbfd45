"""A learner gets to know its own body before it trains."""

from typing import cast

import numpy as np

from hacpo_robot.learning.learner import Learner
from hacpo_robot.sharing.body_memory import BodyMemory
from hacpo_robot.sharing.calibration import babble, note_starts
from hacpo_robot.sharing.embodiment import Anatomy, EmbodiedVecEnv
from hacpo_robot.sharing.fitting import SchemaQuality, fit_schema
from hacpo_robot.specs.training import Guards, SchemaSettings


def calibrate(
    learner: Learner,
    babble_env: EmbodiedVecEnv,
    settings: SchemaSettings,
    seed: int,
    guards: Guards = Guards(),  # noqa: B008  frozen
    free_steps: int = 0,
) -> SchemaQuality:
    """Babble, fit the body schema, and count the steps in the learner's budget.

    Args:
        learner: Takes part in an exchange.
        babble_env: The same body, started in wide postures. Closed at the end.
        settings: Of the schema.
        seed: Of babbling and fitting.
        guards: Whether readiness is asked for.
        free_steps: Babbled on top, and not counted.

    Returns:
        Quality on held-out babble. A schema that is not ready is not used.
    """
    data = babble(babble_env, settings.babble_steps + free_steps, np.random.default_rng(seed))
    data = learner.member.own_view(data)
    babble_env.close()
    starts = note_starts(cast("EmbodiedVecEnv", learner.env))
    schema, quality = fit_schema(Anatomy.of(learner.member.embodiment), data, starts, settings, seed)
    learner.member.schema = schema if quality.ready(settings) or not guards.readiness else None
    learner.member.memory = BodyMemory.of(data)
    learner.model.num_timesteps += len(data) - free_steps
    return quality
