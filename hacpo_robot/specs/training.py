"""Settings of a training run; every default is one we train with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.randomization import Level, level_of
from hacpo_robot.specs.sharing_mode import Sharing, mode_of

SEEDS = 1000
"""Seeds that a run may have; held-out episodes are drawn from streams beyond those of all of them."""
S = TypeVar("S")


@dataclass(frozen=True, kw_only=True)
class PPOSettings:
    """Stable-Baselines3's own names and meanings."""

    n_envs: int = 64
    n_steps: int = 32
    batch_size: int = 256
    n_epochs: int = 8
    learning_rate: float = 5e-4
    """At 1e-3 some arms (the Panda) keep losing what they have learned."""
    lr_decay: float = 0.5
    """Share of the run, at its end, over which the learning rate falls linearly to zero; 0 keeps it."""
    gamma: float = 0.95
    gae_lambda: float = 0.95
    clip_range: float = 0.2
    ent_coef: float = 0.0
    vf_coef: float = 0.5
    max_grad_norm: float = 0.5
    log_std_init: float = -1.2
    net_arch: tuple[int, ...] = (128, 128)

    def __post_init__(self) -> None:
        """Refuse numbers that PPO cannot use."""
        _require_positive(self, "n_envs", "n_steps", "batch_size", "n_epochs", "learning_rate", "clip_range")
        _require_not_negative(self, "ent_coef", "vf_coef", "max_grad_norm")
        _require_share(self, "lr_decay", "gamma", "gae_lambda")
        if any(width <= 0 for width in self.net_arch):
            raise InvalidSpecError(f"net_arch must be positive, not {list(self.net_arch)}")


@dataclass(frozen=True, kw_only=True)
class SchemaSettings:
    """Calibration of a body schema."""

    babble_steps: int = 2048
    """Environment steps of motor babbling per arm; they count in the step budget."""
    fit_steps: int = 250
    """Adam steps per map."""
    refine_steps: int = 125
    """Adam steps per map, whenever a rehearsal is due and enough has been seen since the last time."""
    refine_after: int = 8192
    """Steps of the body between two refinements."""
    batch_size: int = 128
    learning_rate: float = 8e-3
    bank_size: int = 20_000
    """Remembered states that tell where the body has been."""
    min_effect_r2: float = 0.8
    """An arm takes nothing from others if F explains less of the effects of its babble than this."""
    min_action_r2: float = 0.6
    """Nor if its body reproduces less of them than this."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be."""
        _require_positive(self, "babble_steps", "fit_steps", "batch_size", "learning_rate", "bank_size")
        _require_not_negative(self, "refine_steps", "refine_after")


@dataclass(frozen=True, kw_only=True)
class Guards:
    """What keeps others from doing harm; each can be switched off alone."""

    readiness: bool = True
    """A body schema that explains too little is not used."""
    trust: bool = True
    """A source counts as far as its skill survived in the learner's body, and only then is adopted."""
    mastery: bool = True
    """Only sources that are ahead teach, so that a master learns from nobody."""
    budget: bool = True
    """Lessons change a policy within ``kl_budget``."""
    safety_net: bool = True
    """A learner whose success fell after an adoption goes back."""
    share_cap: bool = True
    """No rehearsal begins once they and exams have taken ``rehearsal_share`` of a learner's steps."""
    projection: bool = False
    """Lessons that work against PPO's own gradient are bent until they do not. Not measured to help yet."""


@dataclass(frozen=True, kw_only=True)
class PaceSettings:
    """When a learner waits for another; every learner makes all its steps in the end."""

    head_start: float = 0.3
    """Share of its steps before which nobody waits; 1: nobody ever waits."""
    ripe: float = 0.9
    """Share of its steps at which a learner is ripe: it shows what it can do, waits for the others, and
    rehearses a last time. 0: nobody ever does any of this."""
    clear_lead: float = 0.0
    """Share of one's own returns by which another's must exceed them to be waited for."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be; with a lead below zero two learners would wait for each other."""
        _require_not_negative(self, "clear_lead")
        _require_share(self, "head_start", "ripe")


@dataclass(frozen=True, kw_only=True)
class SharingSettings:
    """What is shared, and how hard it is learned from."""

    schema: SchemaSettings = field(default_factory=SchemaSettings)
    guards: Guards = field(default_factory=Guards)
    pace: PaceSettings = field(default_factory=PaceSettings)
    max_sources: int = 3
    """Most sources that a learner hears in one iteration, so that its cost does not grow with the fleet."""
    bank_episodes: int = 16
    """Successful episodes that every arm offers, newest first."""
    episodes_per_rollout: int = 2
    """Most good episodes that an arm adds to its bank in one rollout; translating is what sharing costs."""
    offered_steps: int = 4096
    """Steps drawn from each bank per iteration."""
    half_life: float = 32.0
    """Rollouts after which good episodes of before, told or rehearsed, count half."""
    top_fraction: float = 0.9
    """Share of the offered experience that is kept per source, best relevance first."""
    min_lead: float = 0.1
    """A source teaches those who succeed less often by at least this much."""
    minibatches: int = 24
    """Most gradient steps per iteration and learner."""
    batch_size: int = 512
    learning_rate: float = 1e-3
    kl_budget: float = 0.02
    """Largest policy change per iteration by lessons, measured on the learner's own states."""
    rehearsal_lead: float = 0.15
    """A learner tries in its own worlds what a source does that promises this much more success."""
    rehearsal_worlds: int = 8
    """Episodes of one round of a rehearsal; 0 for no rehearsals."""
    rehearsal_rounds: int = 8
    """Most rounds of a rehearsal; it ends sooner where the part is no better than the learner's own, or
    succeeds less often than ``least_success``."""
    least_success: float = 0.1
    """Share of rehearsed episodes that must succeed; who adopts less is held up in finding out by itself."""
    rehearsal_share: float = 0.25
    """Most of a learner's steps that go into rehearsals; the last one may go a little beyond."""
    rehearsal_end: float = 0.2
    """Share of the run, at its end, without rehearsals but for the last: what is adopted needs practice."""
    last_rounds: int = 3
    """Rounds of the last rehearsal, when all are ripe, of the part that did best in the first. 0: none."""
    rehearsal_std: float = 0.15
    """Largest spread of the noise in rehearsals, which shows how to recover; else it is the policy's own."""
    last_std: float = 0.05
    """The same in the last rehearsal, after which nothing is practised."""
    adoption_steps: int = 1000
    """Gradient steps by which a proven skill is taken over."""
    adoption_rate: float = 4e-3
    std_floor: float = 0.2
    """Smallest spread that regression and agreement divide by."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be."""
        _require_positive(self, "half_life", "adoption_steps", "adoption_rate", "std_floor")
        _require_positive(self, "bank_episodes", "offered_steps", "batch_size", "learning_rate")
        _require_not_negative(self, "max_sources", "episodes_per_rollout", "minibatches", "kl_budget")
        _require_positive(self, "rehearsal_rounds")
        _require_not_negative(self, "last_rounds", "rehearsal_std", "last_std")
        _require_share(self, "top_fraction", "least_success", "rehearsal_share", "rehearsal_end")
        if self.rehearsal_worlds < 0 or self.rehearsal_worlds == 1:
            raise InvalidSpecError(
                f"rehearsal_worlds must be 0, or 2 and more to compare, not {self.rehearsal_worlds}"
            )


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """One run: who trains on what, for how long, and how."""

    robots: tuple[str, ...] = ("panda", "ur5e", "kinova3")
    """Who trains, by name (see ``hacpo-robot list``) or as Python files that end in ``ROBOT = ...``."""
    task: str = "lift"
    """What is learned, by name or as a Python file that ends in ``TASK = ...``."""
    steps: int = 300_000
    """Environment steps per arm, calibration included."""
    seed: int = 0
    """Of the policies, the training worlds and the held-out episodes."""
    sharing: Sharing = "hacpo"
    """Who learns from whom. ``none``: nobody, plain PPO. ``self``: each from its own good episodes.
    ``hacpo``: all from all, as far as it helps. And controls: ``one_way``: each from those named before it
    only; ``all``: without selection, weights, trust and mastery; ``shuffled``: with maps that fit nobody
    else's; ``oracle``: with maps from much babble that is not counted; ``surrogate``: by HACPO's loss,
    adapted, without rehearsals."""
    randomization: Level = "none"
    """How much the worlds differ that are trained in. ``mild``: mass, friction, damping, servos, speed of the
    gripper, latency; ``wide``: more of it, and of the noise that sensors have. Evaluation is on the model
    as it is."""
    checkpoint_every: int = 100_000
    """Steps per arm, on the mean, between checkpoints."""
    export_every: int = 0
    """Steps per arm between exports on the way; 0: only at the end."""
    eval_episodes: int = 100
    """Held-out episodes per arm at the end."""
    video: bool = True
    """Make a video of all arms at the end."""
    ppo: PPOSettings = field(default_factory=PPOSettings)
    hacpo: SharingSettings = field(default_factory=SharingSettings)

    def __post_init__(self) -> None:
        """Refuse runs that cannot be."""
        _require_positive(self, "steps", "checkpoint_every", "eval_episodes")
        _require_not_negative(self, "export_every")
        if not 0 <= self.seed < SEEDS:
            raise InvalidSpecError(f"seed must be from 0 to {SEEDS - 1}, not {self.seed}")
        mode_of(self.sharing)
        level_of(self.randomization)
        if not self.robots:
            raise InvalidSpecError("robots is empty; name at least one")
        if len(set(self.robots)) != len(self.robots):
            raise InvalidSpecError(f"robots repeat: {' '.join(self.robots)}")


def _require_positive(settings: object, *names: str) -> None:
    _require(settings, names, lambda value: value > 0, "must be positive")


def _require_not_negative(settings: object, *names: str) -> None:
    _require(settings, names, lambda value: value >= 0, "must not be negative")


def _require_share(settings: object, *names: str) -> None:
    _require(settings, names, lambda value: 0 <= value <= 1, "must be from 0 to 1")


def _require(settings: object, names: Sequence[str], fits: Callable[[float], bool], rule: str) -> None:
    """Refuse the first setting that does not fit; no number that is none does."""
    for name in names:
        value = getattr(settings, name)
        if not fits(value):
            raise InvalidSpecError(f"{name} {rule}, not {value}")


def settings_from_dict(kind: type[S], values: Mapping[str, Any]) -> S:
    """Settings from plain data, as a YAML file holds them; what is missing keeps its default.

    Raises:
        InvalidSpecError: a key that the settings do not have, where the message lists those they have; or
            a value of another kind than the default.
    """
    known = {item.name: item for item in fields(kind)}  # pyright: ignore[reportArgumentType]
    if not isinstance(values, Mapping):
        raise InvalidSpecError(f"expected some of {', '.join(known)} with their values, not {values!r}")
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InvalidSpecError(f"unknown setting {unknown[0]!r}; valid: {', '.join(known)}")
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        default = getattr(kind(), name)
        if is_dataclass(default) and not isinstance(default, type):
            arguments[name] = settings_from_dict(type(default), value)
        else:
            arguments[name] = _of_kind(name, default, value)
    return kind(**arguments)


def _of_kind(name: str, default: object, value: Any) -> Any:  # noqa: ANN401  whatever YAML holds
    """A value as the default is one: YAML has lists for tuples, and takes 4e-3 for a word."""
    wanted = type(default)
    if isinstance(default, tuple) and isinstance(value, list | tuple):
        return tuple(_of_kind(name, default[0], each) for each in value)
    if wanted is float and isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    if type(value) is not wanted:
        raise InvalidSpecError(f"{name} must be like {default!r}, not {value!r}")
    return value


def flat_settings(settings: object, prefix: str = "") -> dict[str, Any]:
    """Every single setting by its dotted name, as the command line spells it."""
    flat: dict[str, Any] = {}
    for item in fields(settings):  # pyright: ignore[reportArgumentType]
        value = getattr(settings, item.name)
        nested = is_dataclass(value)
        flat |= flat_settings(value, f"{prefix}{item.name}.") if nested else {prefix + item.name: value}
    return flat
