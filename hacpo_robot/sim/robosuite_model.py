"""What of robosuite's compiled models is set differently, so that they move as they were meant to."""

import mujoco

from hacpo_robot.sim.robosuite_readout import ARM


def loosen_base(model: mujoco.MjModel) -> None:
    """Let nothing collide with what of robosuite's arm stands still.

    MuJoCo spares a link and its parent, but not where the parent stands still: the shoulder of robosuite's
    Sawyer is jammed in its base, and cannot turn.
    """
    bodies = model.geom_bodyid
    still = [model.body_weldid[body] == 0 and model.body(body).name.startswith(ARM) for body in bodies]
    model.geom_contype[still] = model.geom_conaffinity[still] = 0


def touch_once(model: mujoco.MjModel) -> None:
    """Let two meshes or boxes touch in one point only, as when robosuite's grippers were made.

    Since MuJoCo 3.8 they touch in several. Knuckles and fingers of robosuite's Robotiq 2F-85 overlap, and
    so many contacts jam them: told to close wholly, it stops at 52 mm.
    """
    # MuJoCo before 3.8 has no such flag.
    model.opt.disableflags |= getattr(mujoco.mjtDisableBit, "mjDSBL_MULTICCD", 0)
