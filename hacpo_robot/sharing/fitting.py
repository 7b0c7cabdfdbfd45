"""Learning a body schema from babble, and judging it on babble it has not seen."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hacpo_robot.sharing.body_schema import BodySchema, BodyState
from hacpo_robot.sharing.calibration import BodyData, Starts
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.specs.training import SchemaSettings

BATCH = 512
TEACHER_WEIGHT = 0.1
"""Weight of imitating the babbled action beside reaching the effect, when B is fitted."""
EFFECT_NOISE = 0.1
"""Spread added to effects when B is fitted, standard units: B must answer effects never seen."""


@dataclass(frozen=True)
class SchemaQuality:
    """How well a schema predicts held-out babble."""

    sense_r2: float
    """Variance of the hub state explained by E."""
    change_r2: float
    """Variance of the body observation's change explained by D."""
    effect_r2: float
    """Variance of the effect explained by F."""
    action_r2: float
    """Variance of the effect explained by what F says of B's action: effects the body can reproduce."""

    def ready(self, settings: SchemaSettings) -> bool:
        """Whether sharing may begin."""
        return self.effect_r2 >= settings.min_effect_r2 and self.action_r2 >= settings.min_action_r2


def fit_schema(
    anatomy: Anatomy, data: BodyData, starts: Starts, settings: SchemaSettings, seed: int
) -> tuple[BodySchema, SchemaQuality]:
    """Fit all four maps.

    Args:
        anatomy: Of the body that babbled.
        data: Babble in time order; the last tenth is held out.
        starts: How the body's own episodes begin.
        settings: Sizes and thresholds.
        seed: Of initial weights and batches.

    Returns:
        The schema, and its quality on the held-out part.
    """
    cut = int(0.9 * len(data.body))
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        schema = BodySchema(anatomy, n_starts=len(starts.body), bank_size=min(settings.bank_size, cut))
    body, action, hub, effect, following = _tensors(data.take(slice(cut)))
    schema.body_units.measure(body)
    schema.hub_units.measure(hub)
    schema.effect_units.measure(effect)
    schema.change_units.measure(following - body)
    sensed, change = schema.hub_units(hub), schema.change_units(following - body)
    reached, inputs = schema.effect_units(effect), schema.body_units(body)
    doing = torch.cat([inputs, sensed, action], dim=-1)
    descent = _Descent(len(body), settings, generator)
    descent.run(schema.E, lambda i: _mse(schema.E(inputs[i]), sensed[i]))
    descent.run(schema.D, lambda i: _mse(schema.D(doing[i]), change[i]))
    descent.run(schema.F, lambda i: _mse(schema.F(doing[i]), reached[i]))
    schema.F.requires_grad_(False)

    def inverse_loss(i: Tensor) -> Tensor:
        wanted = reached[i]
        wanted = wanted + EFFECT_NOISE * torch.randn(wanted.shape, generator=generator)
        chosen = schema.raw_action(BodyState(body[i], hub[i]), wanted)
        achieved = schema.predict_effect(BodyState(body[i], hub[i]), chosen.clamp(-1, 1))
        overshoot = (chosen.abs() - 1).clamp(min=0).pow(2).mean()
        return _mse(achieved, wanted) + TEACHER_WEIGHT * _mse(chosen, action[i]) + overshoot

    descent.run(schema.B, inverse_loss)
    schema.requires_grad_(False).eval()
    schema.start_body.copy_(torch.as_tensor(starts.body))
    schema.start_hub.copy_(torch.as_tensor(starts.hub))
    schema.bank_hub.copy_(hub[torch.randperm(len(hub), generator=generator)[: len(schema.bank_hub)]])
    return schema, measure_schema(schema, data.take(slice(cut, None)))


def measure_schema(schema: BodySchema, data: BodyData) -> SchemaQuality:
    """Quality on data the schema has not seen; also sets its support radius and sense error."""
    body, action, hub, effect, following = _tensors(data)
    state, wanted = BodyState(body, hub), schema.effect_units(effect)
    missed = schema.hub_units(schema.encode(body)) - schema.hub_units(hub)
    schema.sense_error.copy_(missed.pow(2).mean(dim=0).sqrt().clamp(min=0.01))
    schema.support_radius.fill_(1.0)
    schema.support_radius.copy_(schema.support_distance(hub).quantile(0.95).clamp(min=1e-6))
    chosen = schema.choose_action(state, effect)
    return SchemaQuality(
        sense_r2=1 - float(missed.pow(2).mean() / schema.hub_units(hub).var(dim=0).mean()),
        change_r2=_r2(
            schema.change_units(schema.predict_change(state, action)), schema.change_units(following - body)
        ),
        effect_r2=_r2(schema.predict_effect(state, action), wanted),
        action_r2=_r2(schema.predict_effect(state, chosen), wanted),
    )


@dataclass(frozen=True)
class _Descent:
    """Adam on random batches with a cosine schedule."""

    n_rows: int
    settings: SchemaSettings
    generator: torch.Generator

    def run(self, net: nn.Module, loss: Callable[[Tensor], Tensor]) -> None:
        """Fit ``net``; ``loss`` takes row numbers."""
        optimizer = torch.optim.Adam(net.parameters(), lr=self.settings.learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.settings.fit_steps)
        for _ in range(self.settings.fit_steps):
            optimizer.zero_grad()
            loss(torch.randint(self.n_rows, (BATCH,), generator=self.generator)).backward()
            optimizer.step()
            schedule.step()


def _tensors(data: BodyData) -> tuple[Tensor, ...]:
    columns = (data.body, data.action, data.hub, data.effect, data.following)
    return tuple(torch.as_tensor(np.asarray(column), dtype=torch.float32) for column in columns)


def _mse(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).pow(2).mean()


def _r2(predicted: Tensor, true: Tensor) -> float:
    """Share of variance explained, over all columns that vary."""
    varying = true.std(dim=0) > 1e-4
    residual = (predicted - true)[:, varying].pow(2).mean()
    return float(1 - residual / true[:, varying].var(dim=0).mean())
