"""Who taught whom in a run, summed over its log."""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from hacpo_robot.study.run_folder import RunFolder

Series = dict[int, float]
"""Values by step; what was noted twice, before and after a run was killed, counts once."""
TAG = re.compile(r"sharing/(?P<source>[^/>]+)->(?P<learner>[^/]+)/(?P<key>\w+)")


@dataclass(frozen=True)
class PairSummary:
    """What one learner took from one source in a whole run."""

    source: str
    learner: str
    accepted: int
    """Translated steps that it learned from, over all cross phases."""
    weight: float
    """Mean weight of these steps."""
    effect_error: float
    """Median over cross phases of the median missed effect, in the learner's own standard deviations."""
    rehearsals: int
    """How often it played the source's part in its own worlds."""
    rehearsed: float
    """Share of successes in these rehearsals."""
    adopted: int
    """How often it took over what it had rehearsed."""
    trust: float
    """At the last rehearsal; one half where there was none."""


def read_lessons(run: RunFolder) -> list[PairSummary]:
    """All pairs of which a run's log tells, by source and learner."""
    pairs: dict[tuple[str, str], dict[str, Series]] = defaultdict(dict)
    for robot in sorted(path for path in run.path.glob("tb/*") if path.is_dir()):
        for tag, series in _read_series(robot).items():
            match = TAG.fullmatch(tag)
            if match:
                pairs[match["source"], match["learner"]][match["key"]] = series
    return [_sum_up(source, learner, log) for (source, learner), log in sorted(pairs.items())]


def _read_series(folder: Path) -> dict[str, Series]:
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    tags: list[str] = accumulator.Tags()["scalars"]
    return {tag: {note.step: note.value for note in accumulator.Scalars(tag)} for tag in tags}


def _sum_up(source: str, learner: str, log: dict[str, Series]) -> PairSummary:
    def values(key: str) -> np.ndarray:
        return np.array(list(log.get(key, {}).values()))

    accepted = values("accepted")
    rehearsed = values("rehearsed")
    trust = values("trust")
    return PairSummary(
        source=source,
        learner=learner,
        accepted=int(accepted.sum()),
        weight=float(np.average(values("weight"), weights=accepted)) if accepted.any() else 0.0,
        effect_error=float(np.median(values("effect_error")[accepted > 0])) if accepted.any() else 0.0,
        rehearsals=len(rehearsed),
        rehearsed=float(rehearsed.mean()) if rehearsed.size else 0.0,
        adopted=int(values("adopted").sum()),
        trust=float(trust[-1]) if trust.size else 0.5,
    )
