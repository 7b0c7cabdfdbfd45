"""What becomes of a trained fleet: held-out evaluation, one export per robot, videos."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import ManipulationVecEnv, make_vec_env
from hacpo_robot.errors import ExportError
from hacpo_robot.export.candidate import Candidate
from hacpo_robot.export.engines import as_action
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
from hacpo_robot.study.run_folder import EVALUATION, RunFolder
from hacpo_robot.study.video import DEFAULT_FILMING, Clip, Filming, caption_of, make_videos

RECORDED = 16
"""Episodes on whose observations a file is compared that is not evaluated."""


@dataclass(frozen=True)
class Result:
    """What one robot reached."""

    robot: str
    evaluation: Evaluation
    parity: float | None
    """Largest difference between the exported file and the policy, command units; ``None`` without a file."""
    fault: str = ""
    """Why the policy could not leave."""


def finish(fleet: Fleet, settings: TrainSettings, run: RunFolder, watch: Watch) -> list[Result]:
    """Evaluate, export and film every policy of a fleet; one that cannot leave is told in its result.

    Raises:
        Interrupted: ``watch.should_stop`` said so, before the next robot.
    """
    results, films = [], []
    judged: dict[str, HeldOut] = {}
    for robot, learner in zip(settings.robots, fleet.learners, strict=True):
        if watch.should_stop():
            raise Interrupted
        watch.phase(f"evaluating {learner.name} on {settings.eval_episodes} held-out episodes")
        release = Release.of(robot, learner, settings, settings.eval_episodes)
        judged[learner.name] = release.held_out
        films.append(release.clips)
        parity, fault = None, ""
        try:
            parity = release.export(run, run.exported(learner.name)).largest
        except ExportError as error:
            fault = f"no export of {learner.name}: {error}"
            watch.phase(fault)
        results.append(Result(learner.name, release.held_out.evaluation, parity, fault))
    conditions = {"seed": settings.seed, "randomization": "none", "noise": 0.0}
    write_evaluation(run, fleet.steps, judged, conditions)
    if settings.video and not watch.should_stop():
        watch.phase("drawing videos")
        fault = make_videos([list(row) for row in zip(*films, strict=True)], run.videos)
        watch.phase(fault or f"videos in {run.videos}")
    return results


@dataclass(frozen=True, kw_only=True)
class Release:
    """A policy that is to leave, and the episodes that it was judged by."""

    robot: str
    """Name or file, as the settings have it."""
    learner: Learner
    settings: TrainSettings
    candidate: Candidate
    held_out: HeldOut
    clips: list[Clip]
    is_evaluation: bool
    """Whether success is said of these episodes; else they are only what the file is compared on."""

    @classmethod
    def of(
        cls,
        robot: str,
        learner: Learner,
        settings: TrainSettings,
        n_episodes: int,
        interface: Interface | None = None,
    ) -> "Release":
        """Judge a policy as its file will be.

        Args:
            robot: Name or file, as the settings have it.
            learner: That robot's, as it is to leave.
            settings: Of the run.
            n_episodes: Held-out episodes. 0: a few are run to compare on, and nothing is said about success.
            interface: What the file takes; one vector when not given.
        """
        assert isinstance(learner.env, ManipulationVecEnv)
        candidate = Candidate(model=learner.model, env=learner.env, interface=interface or Interface())
        held_out, clips = judge(robot, settings.task, candidate.act(), n_episodes or RECORDED, settings.seed)
        return cls(
            robot=robot,
            learner=learner,
            settings=settings,
            candidate=candidate,
            held_out=held_out,
            clips=clips,
            is_evaluation=n_episodes > 0,
        )

    def export(self, run: RunFolder, folder: Path) -> ParityReport:
        """Write the file and its folder, and run the same episodes with it where they are an evaluation.

        Raises:
            ExportError: the policy could not leave.
        """
        return export_policy(
            self.candidate,
            folder,
            provenance_of(self.learner, self.settings, run),
            self.held_out.episodes,
            _for_export(self.held_out.evaluation) if self.is_evaluation else None,
            self._trial if self.is_evaluation else None,
        )

    def _trial(self, policy: Policy) -> ClosedLoop:
        act = as_action(policy, self.candidate.scale)
        at_end = self.held_out.at_end
        again, _ = judge(self.robot, self.settings.task, act, len(at_end), self.settings.seed)
        return compare_episodes(at_end, again.at_end)


def provenance_of(learner: Learner, settings: TrainSettings, run: RunFolder) -> Provenance:
    """Where a learner's policy comes from."""
    return Provenance(
        run=str(run.path) if run.path.name else run.path.resolve().name,
        step=learner.model.num_timesteps,
        seed=settings.seed,
        sharing=settings.sharing,
        robots=tuple(load_robot(name).name for name in settings.robots),
        randomization=settings.randomization,
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
    filming: Filming = DEFAULT_FILMING,
    randomization: Level = "none",
) -> tuple[HeldOut, list[Clip]]:
    """Held-out episodes of one policy, and recordings of some.

    Args:
        robot: Name or file, see :func:`hacpo_robot.catalog.load_robot`.
        task: Name or file.
        act: Raw observations to actions in [-1, 1].
        n_episodes: Run side by side.
        seed: Of the training run; held-out episodes start elsewhere.
        filming: Which ones are recorded, and how many if there are so many.
        randomization: How much the episodes' bodies and objects differ.
    """
    body, varied = load_robot(robot), LEVELS[randomization]
    env = make_vec_env(body, load_task(task), n_episodes, HELD_OUT + seed, randomization=varied)
    places, mocaps = [], []

    def record() -> None:
        places.append(env.cell.worlds.qpos.copy())
        mocaps.append(env.cell.worlds.mocap.copy())

    held_out = evaluate(env, act, n_episodes, record)
    env.close()
    clips = []
    for world in filming.choose(held_out.at_end):
        length = held_out.lengths[world]
        qpos = np.stack([place[world] for place in places[:length]])
        caption = caption_of(body.name, bool(held_out.at_end[world]), world)
        clips.append(Clip(robot, task, caption, qpos, mocaps[0][world], world))
    return held_out, clips


def write_evaluation(
    run: RunFolder,
    steps: int,
    judged: Mapping[str, HeldOut],
    conditions: Mapping[str, float | str],
    name: str = EVALUATION.stem,
) -> Path:
    """``eval/<name>.json``: steps of the policies, conditions, outcome per robot and of all together.

    ``eval_info`` is what training ends with, and says that a run is finished.
    """
    document = {
        "steps": steps,
        "conditions": dict(conditions),
        "per_robot": {
            robot: asdict(held_out.evaluation)
            | {"failed_episodes": np.flatnonzero(~held_out.at_end).tolist()}
            for robot, held_out in judged.items()
        },
        "overall": asdict(pool_evaluations([held_out.evaluation for held_out in judged.values()])),
    }
    run.write_json(f"eval/{name}.json", document)
    return run.path / "eval" / f"{name}.json"
