"""What becomes of a trained fleet: held-out evaluation, one export per robot, videos."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import ManipulationVecEnv, make_vec_env
from hacpo_robot.export.candidate import Candidate
from hacpo_robot.export.exporter import export_policy
from hacpo_robot.export.interface import Interface
from hacpo_robot.export.metadata import Provenance, ReportedEvaluation
from hacpo_robot.export.parity import ClosedLoop, ParityReport, compare_episodes
from hacpo_robot.export.runtime import Policy
from hacpo_robot.learning.evaluation import HELD_OUT, Act, Evaluation, HeldOut, evaluate, pool_evaluations
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.learning.learner import Learner
from hacpo_robot.specs.randomization import LEVELS, Level
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.study.meter import Interrupted, Watch
from hacpo_robot.study.playback import as_action
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.video import DEFAULT_FILMING, Clip, Filming, make_videos

RECORDED = 16
"""Episodes on whose observations a file is compared that is not evaluated."""


@dataclass(frozen=True)
class Result:
    """What one robot reached."""

    robot: str
    evaluation: Evaluation
    parity: float
    """Largest difference between the exported file and the policy, command units."""


def finish(fleet: Fleet, settings: TrainSettings, run: RunFolder, watch: Watch) -> list[Result]:
    """Evaluate, export and film every policy of a fleet.

    Raises:
        ExportError: a policy could not leave.
        Interrupted: ``watch.should_stop`` said so, before the next robot.
    """
    results, films = [], []
    for robot, learner in zip(settings.robots, fleet.learners, strict=True):
        if watch.should_stop():
            raise Interrupted
        watch.phase(f"evaluating {learner.name} on {settings.eval_episodes} held-out episodes")
        report, held_out, clips = release(robot, learner, settings, run, settings.eval_episodes)
        results.append(Result(learner.name, held_out.evaluation, report.largest))
        films.append(clips)
    evaluations = {result.robot: result.evaluation for result in results}
    write_evaluation(run, evaluations, {"seed": settings.seed, "randomization": "none", "noise": 0.0})
    if settings.video and not watch.should_stop():
        film(films, run.videos, watch)
    return results


def release(
    robot: str,
    learner: Learner,
    settings: TrainSettings,
    run: RunFolder,
    n_episodes: int,
    interface: Interface | None = None,
) -> tuple[ParityReport, HeldOut, list[Clip]]:
    """Evaluate one policy and export it, and run the same episodes with the file.

    Args:
        robot: Name or file, as the settings have it.
        learner: That robot's, as it is to leave.
        settings: Of the run.
        run: Where the folder goes.
        n_episodes: Held-out episodes. 0: a few are run to compare on, and nothing is said about success.
        interface: What the file takes; one vector when not given.

    Raises:
        ExportError: the policy could not leave.
    """
    assert isinstance(learner.env, ManipulationVecEnv)
    candidate = Candidate(model=learner.model, env=learner.env, interface=interface or Interface())
    smoothed = candidate.interface.low_pass_hz is not None
    act = as_action(candidate.as_trained(), candidate.scale) if smoothed else learner.act
    starts = n_episodes or RECORDED, settings.seed
    held_out, clips = judge(robot, settings.task, act, *starts)

    def trial(policy: Policy) -> ClosedLoop:
        again, _ = judge(robot, settings.task, as_action(policy, candidate.scale), *starts)
        return compare_episodes(held_out.at_end, again.at_end)

    report = export_policy(
        candidate,
        run.exported(learner.name),
        provenance_of(learner, settings, run),
        held_out.episodes,
        _for_export(held_out.evaluation) if n_episodes else None,
        trial if n_episodes else None,
    )
    return report, held_out, clips


def provenance_of(learner: Learner, settings: TrainSettings, run: RunFolder) -> Provenance:
    """Where a learner's policy comes from."""
    return Provenance(
        run=str(run.path),
        step=learner.model.num_timesteps,
        seed=settings.seed,
        sharing=settings.sharing,
        robots=tuple(load_robot(name).name for name in settings.robots),
    )


def _for_export(evaluation: Evaluation) -> ReportedEvaluation:
    return ReportedEvaluation(
        n_episodes=evaluation.n_episodes,
        n_success=evaluation.n_success,
        pc_success_ci95=evaluation.pc_success_ci95,
    )


def judge(
    robot: str,
    task: str,
    act: Act,
    n_episodes: int,
    seed: int,
    n_filmed: int = DEFAULT_FILMING.n_episodes,
    randomization: Level = "none",
) -> tuple[HeldOut, list[Clip]]:
    """Held-out episodes of one policy, and recordings of the first few.

    Args:
        robot: Name or file, see :func:`hacpo_robot.catalog.load_robot`.
        task: Name or file.
        act: Raw observations to actions in [-1, 1].
        n_episodes: Run side by side.
        seed: Of the training run; held-out episodes start elsewhere.
        n_filmed: How many are recorded, if there are so many.
        randomization: How much the episodes' bodies and objects differ.
    """
    body, varied = load_robot(robot), LEVELS[randomization]
    env = make_vec_env(body, load_task(task), n_episodes, HELD_OUT + seed, randomization=varied)
    filmed = min(n_filmed, n_episodes)
    places, mocaps = [], []

    def record() -> None:
        places.append(env.cell.worlds.qpos[:filmed].copy())
        mocaps.append(env.cell.worlds.mocap[:filmed].copy())

    held_out = evaluate(env, act, n_episodes, record)
    env.close()
    clips = []
    for world, success in enumerate(held_out.at_end[:filmed]):
        length = held_out.lengths[world]
        caption = f"{env.robot.name}: {'success' if success else 'failure'}"
        qpos = np.stack([place[world] for place in places[:length]])
        clips.append(Clip(robot, task, caption, qpos, mocaps[0][world]))
    return held_out, clips


def write_evaluation(
    run: RunFolder,
    evaluations: dict[str, Evaluation],
    conditions: Mapping[str, float | str],
    name: str = "eval_info",
) -> Path:
    """``eval/<name>.json``: the conditions, per robot, and all together.

    ``eval_info`` is what training ends with, and says that a run is finished.
    """
    document = {
        "conditions": dict(conditions),
        "per_robot": {robot: asdict(evaluation) for robot, evaluation in evaluations.items()},
        "overall": asdict(pool_evaluations(list(evaluations.values()))),
    }
    run.write_json(f"eval/{name}.json", document)
    return run.path / "eval" / f"{name}.json"


def film(films: list[list[Clip]], folder: Path, watch: Watch, filming: Filming = DEFAULT_FILMING) -> None:
    """Videos of recorded episodes, robots side by side; without OpenGL, one sentence instead.

    Args:
        films: Of every robot its clips, as many as of all others.
        folder: Where to.
        watch: Who is told.
        filming: Size and camera.
    """
    watch.phase("drawing videos")
    fault = make_videos([list(row) for row in zip(*films, strict=True)], folder, filming)
    watch.phase(fault or f"videos in {folder}")
