"""Learning a body schema from babble, and judging it on babble it has not seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hacpo_robot.sharing.body_memory import BodyData, BodyMemory
from hacpo_robot.sharing.body_schema import HARDLY, BodySchema, BodyState
from hacpo_robot.sharing.calibration import Starts
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.specs.training import SchemaSettings

REFINE_RATE = 0.5
"""Learning rate of refinement, in shares of that of the first fit."""
MARGIN = 0.1
"""How far beyond where it has been, in shares of that range, a body still takes a state as it is."""
BLOW = 4.0
"""How far beyond what nearly all steps do a step is left out."""
RARE = 0.001
"""Share of babble on either side that does not count as having been there."""
TEACHER_WEIGHT = 0.1
"""Weight of imitating the babbled action beside reaching the effect, when B is fitted."""
ASTRAY = (0.02, 0.5)
"""Smallest and largest spread of the noise on senses that R is fitted to see through, standard units."""
HUB_NOISE = 0.02
"""Spread added to the hub state then, standard units."""
MAPS = ("E", "D", "F", "B", "R")
EFFECT_NOISE = 0.1
"""Spread added to effects when B is fitted, standard units: B must answer effects never seen."""


class Rows(NamedTuple):
    """Steps of one body in standard units, the action as it is. Shape (n, ·) each."""

    senses: Tensor
    hub: Tensor
    state: Tensor
    """Body and hub together as D, F and B read them."""
    action: Tensor
    effect: Tensor
    change: Tensor

    def draw(self, n: int, generator: torch.Generator) -> "Rows":
        """Some of the steps, with repeats."""
        chosen = torch.randint(len(self.senses), (n,), generator=generator)
        return Rows(*(column[chosen] for column in self))


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
    """Fit all maps.

    Args:
        anatomy: Of the body that babbled.
        data: Babble in time order; the last tenth is held out.
        starts: How the body's own episodes begin.
        settings: Sizes and thresholds.
        seed: Of initial weights and batches.

    Returns:
        The schema, and its quality on the held-out part.
    """
    data = data.take(_undisturbed(data))
    cut = int(0.9 * len(data))
    seen, held_out = data.take(slice(cut)), data.take(slice(cut, None))
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        schema = BodySchema(anatomy, n_starts=len(starts.senses), bank_size=min(settings.bank_size, cut))
    _set_units(schema, anatomy, seen)
    rows = _standard(schema, seen)
    for name in MAPS:
        _descend(
            schema,
            (name,),
            lambda: rows.draw(settings.batch_size, generator),
            settings.fit_steps,
            settings.learning_rate,
            generator,
        )
    schema.requires_grad_(False).eval()
    _set_memories(schema, starts, seen, generator)
    _set_confidence(schema, held_out)
    return schema, measure_schema(schema, held_out)


def _set_units(schema: BodySchema, anatomy: Anatomy, data: BodyData) -> None:
    """What is usual: means, spreads, the range of the hub, and how far effects reach."""
    senses, _, hub, effect, following = _tensors(data)
    schema.body_units.measure(senses)
    schema.hub_units.measure(hub)
    schema.effect_units.measure(effect)
    schema.change_units.measure(following - senses)
    low, high = hub.quantile(RARE, dim=0), hub.quantile(1 - RARE, dim=0)
    schema.hub_low.copy_(low - MARGIN * (high - low))
    schema.hub_high.copy_(high + MARGIN * (high - low))
    for elements in anatomy.hub_fields:
        std = hub[:, elements].std(dim=0)
        schema.hub_varies[elements] = (std > HARDLY * std.max()).float()
    schema.effect_reach.copy_((effect - schema.effect_units.mean).abs().quantile(1 - RARE, dim=0))


def _set_memories(schema: BodySchema, starts: Starts, data: BodyData, generator: torch.Generator) -> None:
    """How the body's episodes begin, and hub states that it has been in."""
    schema.start_body.copy_(torch.as_tensor(starts.senses))
    schema.start_hub.copy_(torch.as_tensor(starts.hub))
    rows = torch.randperm(len(data), generator=generator)[: len(schema.bank_hub)]
    schema.bank_hub.copy_(torch.as_tensor(data.hub)[rows])


def _set_confidence(schema: BodySchema, held_out: BodyData) -> None:
    """How far E errs, and how far from all remembered states the body still is at home."""
    senses, _, hub, _, _ = _tensors(held_out)
    missed = schema.hub_units(schema.encode(senses)) - schema.hub_units(hub)
    schema.sense_error.copy_(missed.pow(2).mean(dim=0).sqrt().clamp(min=0.01))
    schema.support_radius.fill_(1.0)
    schema.support_radius.copy_(schema.support_distance(hub).quantile(0.95).clamp(min=1e-6))


def measure_schema(schema: BodySchema, data: BodyData) -> SchemaQuality:
    """Quality on data that the schema has not seen."""
    senses, action, hub, effect, following = _tensors(data)
    state, wanted = BodyState(senses, hub), schema.effect_units(effect)
    missed = schema.hub_units(schema.encode(senses)) - schema.hub_units(hub)
    change = schema.change_units(schema.predict_change(state, action))
    chosen = schema.choose_action(state, effect)
    return SchemaQuality(
        sense_r2=1 - float(missed.pow(2).mean() / schema.hub_units(hub).var(dim=0).mean()),
        change_r2=_r2(change, schema.change_units(following - senses)),
        effect_r2=_r2(schema.predict_effect(state, action), wanted),
        action_r2=_r2(schema.predict_effect(state, chosen), wanted),
    )


def _undisturbed(data: BodyData) -> NDArray[np.intp]:
    """Steps unlike nearly all others left out: a blow from outside teaches nothing of the body."""
    change = np.concatenate([data.following - data.senses, data.effect], axis=1)
    away = np.abs(change - np.median(change, axis=0))
    usual = np.quantile(away, 1 - RARE, axis=0)
    return np.flatnonzero((away <= BLOW * usual + 1e-6).all(axis=1))


def refine_schema(
    schema: BodySchema, memory: BodyMemory, settings: SchemaSettings, generator: torch.Generator
) -> None:
    """Fit the maps further, half on babble and half on what the body did since; units stay.

    Args:
        schema: Changed in place.
        memory: Its ``fresh`` is set to zero.
        settings: Of the schema.
        generator: Of the batches.
    """
    old, new = (_standard(schema, data.take(_undisturbed(data))) for data in (memory.babble, memory.recent))

    def draw() -> Rows:
        half = settings.batch_size // 2
        halves = old.draw(half, generator), new.draw(half, generator)
        return Rows(*(torch.cat(pair) for pair in zip(*halves, strict=True)))

    schema.train()
    _descend(
        schema,
        MAPS,
        draw,
        settings.refine_steps,
        REFINE_RATE * settings.learning_rate,
        generator,
    )
    schema.requires_grad_(False).eval()
    memory.fresh = 0


def _descend(
    schema: BodySchema,
    names: tuple[str, ...],
    draw: Callable[[], Rows],
    n_steps: int,
    learning_rate: float,
    generator: torch.Generator,
) -> None:
    """Adam with a cosine schedule on the losses of some maps, each with regard to its own weights."""
    for name in MAPS:
        getattr(schema, name).requires_grad_(name in names)
    weights = {name: list(getattr(schema, name).parameters()) for name in names}
    optimizer = torch.optim.Adam([w for own in weights.values() for w in own], lr=learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(n_steps):
        batch = draw()
        optimizer.zero_grad()
        for name, own in weights.items():
            _loss(schema, name, batch, generator).backward(inputs=own)
        optimizer.step()
        schedule.step()


def _loss(schema: BodySchema, name: str, rows: Rows, generator: torch.Generator) -> Tensor:
    """What one map is fitted by."""
    if name == "E":
        return _mse(schema.E(rows.senses), rows.hub)
    if name == "R":
        clean = rows.senses
        spread = ASTRAY[0] * (ASTRAY[1] / ASTRAY[0]) ** torch.rand((len(clean), 1), generator=generator)
        seen = clean + spread * torch.randn(clean.shape, generator=generator)
        at = rows.hub + HUB_NOISE * torch.randn(rows.hub.shape, generator=generator)
        return _mse(schema.reconcile(seen, at), clean)
    if name == "D":
        return _mse(schema.D(torch.cat([rows.state, rows.action], dim=-1)), rows.change)
    if name == "F":
        return _mse(schema.F(torch.cat([rows.state, rows.action], dim=-1)), rows.effect)
    wanted = rows.effect + EFFECT_NOISE * torch.randn(rows.effect.shape, generator=generator)
    chosen = schema.B(torch.cat([rows.state, wanted], dim=-1))
    achieved = schema.F(torch.cat([rows.state, chosen.clamp(-1, 1)], dim=-1))
    overshoot = (chosen.abs() - 1).clamp(min=0).pow(2).mean()
    return _mse(achieved, wanted) + TEACHER_WEIGHT * _mse(chosen, rows.action) + overshoot


def _standard(schema: BodySchema, data: BodyData) -> Rows:
    """Data in the units of a schema."""
    senses, action, hub, effect, following = _tensors(data)
    return Rows(
        senses=schema.body_units(senses),
        hub=schema.hub_units(hub),
        state=schema.standard_state(BodyState(senses, hub)),
        action=action,
        effect=schema.effect_units(effect),
        change=schema.change_units(following - senses),
    )


def _tensors(data: BodyData) -> tuple[Tensor, ...]:
    columns = (data.senses, data.action, data.hub, data.effect, data.following)
    return tuple(torch.as_tensor(np.asarray(column), dtype=torch.float32) for column in columns)


def _mse(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).pow(2).mean()


def _r2(predicted: Tensor, true: Tensor) -> float:
    """Share of variance explained, over all columns that vary."""
    varying = true.std(dim=0) > 1e-4
    residual = (predicted - true)[:, varying].pow(2).mean()
    return float(1 - residual / true[:, varying].var(dim=0).mean())
