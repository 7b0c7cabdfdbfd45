"""The learned maps of one body: E, R and D between senses and hub, F and B between action and effect."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from hacpo_robot.sharing.embodiment import Anatomy, Embodiment
from hacpo_robot.specs.signature import FloatArray, IntArray

WIDTH = 128
START_REFINEMENTS = 3
START_SPREAD = 0.3
"""How far decoding may move a retrieved posture, standard units."""
HARDLY = 0.2
"""Reach beside the furthest reaching element of its field, below which a body cannot steer one."""
TRACK_SPREAD = 0.05
"""How far decoding may move a reconciled posture in one step to meet the hub, standard units."""


class Standardizer(nn.Module):
    """Shift and scale, kept as buffers so that they are saved with the weights."""

    mean: Tensor
    std: Tensor

    def __init__(self, size: int) -> None:
        """Start as the identity."""
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))

    def measure(self, values: Tensor) -> None:
        """Take mean and spread from data; constant columns keep scale 1. ``values``: (n, size)."""
        std = values.std(dim=0)
        self.mean.copy_(values.mean(dim=0))
        self.std.copy_(torch.where(std > 1e-5, std, torch.ones_like(std)))

    def forward(self, values: Tensor) -> Tensor:
        """Raw to standard units."""
        return (values - self.mean) / self.std

    def inverse(self, values: Tensor) -> Tensor:
        """Standard to raw units."""
        return values * self.std + self.mean


class BodyState(NamedTuple):
    """A body as it senses itself, and where the hub says it is.

    D, F and B read both: an arm that senses no velocities still moves on for a moment, and the
    hub state, known in training, tells how fast.
    """

    senses: Tensor
    """Body part of the observation. Shape (n, body size)."""
    hub: Tensor
    """Body part of ``z``. Shape (n, hub size)."""


class BodySchema(nn.Module):
    """Maps between one body and the hub; raw units in and out, shape (n, ·).

    From the hub back to the senses there is no map: the posture of a redundant arm is no function
    of its tool pose, and a network would average postures that exclude each other. Decoding
    (:meth:`start`, :meth:`track`) follows an episode instead, as the arm itself would live it: it
    begins in a posture in which the body's own episodes begin, predicts with D what the body would
    sense after its own action, lets R make of the prediction what this body could really sense there, and
    corrects that by the smallest change that makes E agree with the hub.

    R is what keeps senses that say one thing twice in agreement: where a body senses its joints and its
    tool, E reads the tool alone, and the joints drift away unseen.
    """

    start_body: Tensor
    """How the body's own episodes begin. Shape (n_starts, body size)."""
    start_hub: Tensor
    """The same states in the hub. Shape (n_starts, hub size)."""
    bank_hub: Tensor
    """Hub states that the body has been in. Shape (bank_size, hub size)."""
    sense_error: Tensor
    """RMS error of E on held-out data per hub element, standard units; 1 is knowing nothing."""
    hub_low: Tensor
    """Where the body has been but for the rarest states, and a tenth of that range more, element by element;
    what lies beyond is seen as if it lay on the edge."""
    hub_high: Tensor
    hub_varies: Tensor
    """1 for hub elements that the body steers, 0 for those that it hardly changes beside others of their
    field, as the tilt of an arm that is always upright: decoding them would bend it out of shape."""
    effect_reach: Tensor
    """Largest change from the mean effect that the body brings about, but for the rarest, by element."""
    support_radius: Tensor
    """95 % of the body's own states have a neighbour in the bank nearer than this."""

    def __init__(self, anatomy: Anatomy, *, n_starts: int, bank_size: int) -> None:
        """Untrained maps.

        Args:
            anatomy: Sizes, and which numbers pass through.
            n_starts: Remembered episode starts.
            bank_size: Remembered hub states that tell what the body has been in.
        """
        super().__init__()
        body, action = anatomy.body_size, anatomy.action_size
        hub, effect = anatomy.hub_size, anatomy.effect_size
        self.anatomy = anatomy
        self._state_pass, self._action_pass = _positions(anatomy.state_pass), _positions(anatomy.action_pass)
        self._state_bound = torch.as_tensor(anatomy.state_pass_below, dtype=torch.float32)
        self._field_of = torch.zeros(effect, dtype=torch.int64)
        for number, field in enumerate(anatomy.effect_fields):
            self._field_of[field] = number
        self.body_units, self.hub_units = Standardizer(body), Standardizer(hub)
        self.effect_units, self.change_units = Standardizer(effect), Standardizer(body)
        self.E, self.D = Mlp(body, hub), Mlp(body + hub + action, body)
        self.F, self.B = Mlp(body + hub + action, effect), Mlp(body + hub + effect, action)
        self.R = Mlp(body + hub, body)
        self.register_buffer("start_body", torch.zeros(n_starts, body))
        self.register_buffer("start_hub", torch.zeros(n_starts, hub))
        self.register_buffer("bank_hub", torch.zeros(bank_size, hub))
        self.register_buffer("sense_error", torch.ones(hub))
        self.register_buffer("hub_low", torch.full((hub,), -torch.inf))
        self.register_buffer("hub_high", torch.full((hub,), torch.inf))
        self.register_buffer("hub_varies", torch.ones(hub))
        self.register_buffer("effect_reach", torch.full((effect,), torch.inf))
        self.register_buffer("support_radius", torch.ones(1))

    @classmethod
    def from_state(cls, embodiment: Embodiment, state: dict[str, Tensor]) -> "BodySchema":
        """A fitted schema from its ``state_dict``."""
        schema = cls(
            Anatomy.of(embodiment),
            n_starts=len(state["start_body"]),
            bank_size=len(state["bank_hub"]),
        )
        schema.load_state_dict(state)
        return schema.requires_grad_(False).eval()

    def encode(self, senses: Tensor) -> Tensor:
        """Hub state of a sensed body (E)."""
        return self.hub_units.inverse(self.E(self.body_units(senses)))

    def start(self, hub: Tensor) -> Tensor:
        """What this body would sense in a hub state, nothing known of the past."""
        hub = self._familiar(hub)
        wanted = self.hub_units(hub)
        nearest = self._distances(wanted, self.start_hub).argmin(dim=1)
        posture = self.body_units(self.start_body[nearest])
        for _ in range(START_REFINEMENTS):
            posture = self._meet(self.reconcile(posture, wanted), wanted, START_SPREAD)
        return self._pass_through(self.body_units.inverse(posture), hub)

    def track(self, before: BodyState, action: Tensor, hub: Tensor) -> Tensor:
        """What this body would sense in a hub state that its own action led to.

        Args:
            before: Where it was a step before.
            action: What it did then.
            hub: Body part of ``z`` now.
        """
        hub = self._familiar(hub)
        predicted = self.body_units(before.senses + self.predict_change(before, action))
        wanted = self.hub_units(hub)
        posture = self._meet(self.reconcile(predicted, wanted), wanted, TRACK_SPREAD)
        return self._pass_through(self.body_units.inverse(posture), hub)

    def reconcile(self, posture: Tensor, hub: Tensor) -> Tensor:
        """What this body could sense nearby, in a hub state (R). Standard units."""
        return posture + self.R(torch.cat([posture, hub], dim=-1))

    def predict_change(self, state: BodyState, action: Tensor) -> Tensor:
        """How an action will change what the body senses (D)."""
        return self.change_units.inverse(self.D(self._inputs(state, action)))

    def predict_effect(self, state: BodyState, action: Tensor) -> Tensor:
        """What an action will do (F). Standard units: compare with ``effect_units(effect)``."""
        return self.F(self._inputs(state, action))

    def foresee(self, state: BodyState, action: Tensor) -> Tensor:
        """The effect of an action (F) in raw units, within what the body brings about.

        What passes through is exact. The limits matter where a body has no say at all, as an upright arm
        in the tilt of its tool: F's errors there, a hundredth of a radian a step, tilted another arm's tool
        by twenty degrees within an episode.
        """
        middle = self.effect_units.mean
        away = self.effect_units.inverse(self.predict_effect(state, action)) - middle
        effect = middle + away.clamp(-self.effect_reach, self.effect_reach)
        own, theirs = self._action_pass
        effect[:, theirs] = _converted(self.anatomy.action_pass_scale.commands, action[:, own])
        return effect

    def choose_action(self, state: BodyState, effect: Tensor) -> Tensor:
        """The action that brings about an effect (B), in [-1, 1].

        What the body is too slow for is done slower: all mapped elements shrink alike, so that a
        motion keeps its direction.
        """
        action = self.raw_action(state, self.effect_units(self.attainable(effect)))
        own, theirs = self._action_pass
        action[:, own] = 0.0
        action = action / action.abs().amax(dim=1, keepdim=True).clamp(min=1.0)
        action[:, own] = _converted(self.anatomy.action_pass_scale.actions, effect[:, theirs])
        return action

    def attainable(self, effect: Tensor) -> Tensor:
        """The effect nearest to a wanted one that this body can bring about.

        Elements of one field shrink alike, so that a fast motion becomes a slow one of the same
        direction; but those that the body hardly moves at all are cut off alone.
        """
        middle, reach = self.effect_units.mean, self.effect_reach
        away = effect - middle
        able = reach > HARDLY * self._most_of_field(reach)
        asked = torch.where(able, away.abs() / reach, 0.0)
        excess = self._most_of_field(asked).clamp(min=1.0)
        return middle + torch.where(able, away / excess, away.clamp(-reach, reach))

    def _most_of_field(self, values: Tensor) -> Tensor:
        """For every element of an effect the largest of its field. ``values``: (..., effect size), >= 0."""
        most = values.new_zeros((*values.shape[:-1], len(self.anatomy.effect_fields)))
        most.scatter_reduce_(-1, self._field_of.expand_as(values), values, "amax")
        return most[..., self._field_of]

    def raw_action(self, state: BodyState, effect: Tensor) -> Tensor:
        """B without clipping or pass-through; ``effect`` in standard units."""
        return self.B(self._inputs(state, effect))

    def standard_state(self, state: BodyState) -> Tensor:
        """Body and hub as D, F and B read them, standard units. Shape (n, body size + hub size)."""
        return torch.cat([self.body_units(state.senses), self.hub_units(self._familiar(state.hub))], dim=-1)

    def _inputs(self, state: BodyState, request: Tensor) -> Tensor:
        return torch.cat([self.standard_state(state), request], dim=-1)

    def _familiar(self, hub: Tensor) -> Tensor:
        return hub.clamp(self.hub_low, self.hub_high)

    def support_distance(self, hub: Tensor) -> Tensor:
        """Distance to the nearest remembered state, in support radii. Shape (n,)."""
        wanted = self.hub_units(hub)
        parts = [self._distances(chunk, self.bank_hub).amin(dim=1) for chunk in wanted.split(1024)]
        return torch.cat(parts) / self.support_radius

    def _distances(self, wanted: Tensor, known: Tensor) -> Tensor:
        """Distances to raw hub states, standard units; elements count as far as E knows them. (n, k)."""
        metric = self.hub_varies * (1 - self.sense_error.clamp(max=1.0))
        return torch.cdist(wanted * metric, self.hub_units(known) * metric)

    def _meet(self, posture: Tensor, wanted: Tensor, spread: float) -> Tensor:
        """One Gauss-Newton step on |E(o) - z|^2 / sense_error^2 + |o - posture|^2 / spread^2."""
        sensed, slope = self.E.value_and_jacobian(posture)
        weighted = slope.transpose(1, 2) * self.hub_varies / self.sense_error.pow(2)  # (n, body, hub)
        pull = (weighted @ (wanted - sensed)[..., None])[..., 0]
        stiffness = weighted @ slope + torch.eye(posture.shape[1]) / spread**2
        return posture + torch.linalg.solve(stiffness, pull)

    def _pass_through(self, senses: Tensor, hub: Tensor) -> Tensor:
        (own, theirs), bound = self._state_pass, self._state_bound
        wider = senses[:, own].maximum(bound)
        senses[:, own] = torch.where(hub[:, theirs] < bound, hub[:, theirs], wider)
        return senses


class Mlp(nn.Module):
    """Two hidden layers of 128 with SiLU."""

    def __init__(self, size_in: int, size_out: int) -> None:
        """Torch's default initialisation."""
        super().__init__()
        self.first, self.second = nn.Linear(size_in, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.last = nn.Linear(WIDTH, size_out)

    def forward(self, values: Tensor) -> Tensor:
        """(n, size_in) -> (n, size_out)."""
        return self.last(silu(self.second(silu(self.first(values)))))

    def value_and_jacobian(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Output and its derivative, (n, size_out) and (n, size_out, size_in); faster than autograd."""
        first = self.first(values)
        second = self.second(silu(first))
        slope = self.last.weight * _silu_slope(second)[..., None, :]  # (n, size_out, WIDTH)
        slope = (slope @ self.second.weight) * _silu_slope(first)[..., None, :]
        return self.last(silu(second)), slope @ self.first.weight


def _silu_slope(values: Tensor) -> Tensor:
    gate = values.sigmoid()
    return gate * (1 + values * (1 - gate))


def _converted(scale: Callable[[FloatArray], FloatArray], values: Tensor) -> Tensor:
    """Between actions and commands, either way."""
    return torch.as_tensor(scale(values.double().numpy()), dtype=values.dtype)


def _positions(pair: tuple[IntArray, IntArray]) -> tuple[Tensor, Tensor]:
    return torch.as_tensor(pair[0]), torch.as_tensor(pair[1])
