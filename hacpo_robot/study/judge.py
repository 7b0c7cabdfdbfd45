"""What becomes of a trained fleet: held-out evaluation, one export per robot, videos."""

from dataclasses import asdict, dataclass

import numpy as np

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import ManipulationVecEnv, make_vec_env
from hacpo_robot.export.exporter import export_policy
from hacpo_robot.export.metadata import Evaluation as ExportedEvaluation
from hacpo_robot.export.metadata import Provenance
from hacpo_robot.learning.evaluation import HELD_OUT, Act, Evaluation, HeldOut, evaluate, pool_evaluations
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.study.meter import Watch
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.video import Clip, make_videos

FILMED = 2
"""Evaluation episodes of each robot that are filmed."""


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
    """
    results, films = [], []
    for robot, learner in zip(settings.robots, fleet.learners, strict=True):
        watch.phase(f"evaluating {learner.name} on {settings.eval_episodes} held-out episodes")
        held_out, clips = judge(robot, settings.task, learner.act, settings.eval_episodes, settings.seed)
        films.append(clips)
        evaluation = held_out.evaluation
        assert isinstance(learner.env, ManipulationVecEnv)
        report = export_policy(
            learner.model,
            learner.env,
            run.exported(learner.name),
            Provenance(
                run=str(run.path),
                step=learner.model.num_timesteps,
                seed=settings.seed,
                sharing=settings.sharing,
                robots=tuple(each.name for each in fleet.learners),
            ),
            held_out.observations,
            ExportedEvaluation(
                n_episodes=evaluation.n_episodes,
                n_success=evaluation.n_success,
                pc_success_ci95=evaluation.pc_success_ci95,
            ),
        )
        results.append(Result(learner.name, evaluation, max(report.max_abs_error.values())))
    write_evaluation(run, {result.robot: result.evaluation for result in results})
    if settings.video:
        film(films, run, watch)
    return results


def judge(robot: str, task: str, act: Act, n_episodes: int, seed: int) -> tuple[HeldOut, list[Clip]]:
    """Held-out episodes of one policy, and recordings of the first few.

    Args:
        robot: Name or file, see :func:`hacpo_robot.catalog.load_robot`.
        task: Name or file.
        act: Raw observations to actions in [-1, 1].
        n_episodes: Run side by side.
        seed: Of the training run; held-out episodes start elsewhere.
    """
    env = make_vec_env(load_robot(robot), load_task(task), n_episodes, HELD_OUT + seed)
    filmed = min(FILMED, n_episodes)
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


def write_evaluation(run: RunFolder, evaluations: dict[str, Evaluation]) -> None:
    """``eval/eval_info.json``: per robot, and all together."""
    run.write_json(
        "eval/eval_info.json",
        {
            "per_robot": {name: asdict(evaluation) for name, evaluation in evaluations.items()},
            "overall": asdict(pool_evaluations(list(evaluations.values()))),
        },
    )


def film(films: list[list[Clip]], run: RunFolder, watch: Watch) -> None:
    """Videos of recorded episodes, robots side by side; without OpenGL, one sentence instead."""
    watch.phase("drawing videos")
    fault = make_videos([list(row) for row in zip(*films, strict=True)], run.videos)
    if fault:
        watch.phase(fault)
