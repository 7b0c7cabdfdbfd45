"""The things a task is about: free boxes, and articulated fixtures."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.signature import FloatArray

Range = tuple[float, float]
Color = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Region:
    """A box of positions in the world, sampled uniformly [m], with a yaw range [rad]."""

    x: Range
    y: Range
    z: Range
    yaw: Range = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Refuse ranges that are turned round."""
        for name, (low, high) in vars(self).items():
            if not low <= high:
                raise InvalidSpecError(f"region: {name} begins at {low:g}, above its end at {high:g}")

    @cached_property
    def low(self) -> FloatArray:
        """Least x, y, z and yaw. Shape (4,)."""
        return np.array([self.x[0], self.y[0], self.z[0], self.yaw[0]])

    @cached_property
    def high(self) -> FloatArray:
        """Greatest x, y, z and yaw. Shape (4,)."""
        return np.array([self.x[1], self.y[1], self.z[1], self.yaw[1]])


@dataclass(frozen=True, kw_only=True)
class BoxProp:
    """A free box."""

    name: str
    half_size: tuple[float, float, float]
    """[m]."""
    start: Region
    """Centre and yaw at reset."""
    density: float = 1000.0
    """[kg/m3]."""
    friction: tuple[float, float, float] = (1.0, 0.005, 0.0001)
    rgba: Color = (0.8, 0.15, 0.1, 1.0)

    @property
    def structure(self) -> tuple[object, ...]:
        """What tells it from others but for its numbers."""
        return (self.name,)


@dataclass(frozen=True, kw_only=True)
class FixtureProp:
    """An articulated object that stands where it was put, such as a door; all of it can be touched."""

    name: str
    mjcf: str
    """Model file, see :func:`hacpo_robot.paths.asset`; its angles are read as radians."""
    body: str
    """Outermost body to take from it."""
    joints: tuple[str, ...]
    """Names of its joints, reported in this order; they start where the file has them."""
    slides: tuple[str, ...] = ()
    """The prismatic ones among ``joints``."""
    damping: tuple[float, ...]
    """Viscous resistance, one per joint [Nm s/rad, prismatic N s/m]."""
    friction: tuple[float, ...]
    """Dry resistance, one per joint [Nm, prismatic N]."""
    handle_site: str
    """Its place is what ``object_pos`` reports."""
    handle_quat: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    """Turn of the frame that ``object_rot`` reports from the site's own, w x y z."""
    handle_geoms: tuple[str, ...]
    """Geoms whose contact with the fingertips is reported."""
    start: Region
    """Place and yaw at reset."""

    def __post_init__(self) -> None:
        """Refuse lists of unequal length and slides that are no joints."""
        if not len(self.joints) == len(self.damping) == len(self.friction):
            raise InvalidSpecError(f"fixture {self.name!r}: one damping, one friction value per joint")
        if unknown := set(self.slides) - set(self.joints):
            raise InvalidSpecError(
                f"fixture {self.name!r}: slides {', '.join(sorted(unknown))} are not among the joints"
            )

    @property
    def joint_units(self) -> tuple[str, ...]:
        """Units of the joint positions, in order."""
        return tuple("m" if joint in self.slides else "rad" for joint in self.joints)

    @property
    def structure(self) -> tuple[object, ...]:
        """What tells it from others but for its numbers."""
        return self.name, self.mjcf, self.body, self.joints, self.handle_site, self.handle_geoms


Prop = BoxProp | FixtureProp
