"""Who listens to whom: everyone in a small fleet, clusters and their representatives in a large one."""

from collections.abc import Callable, Sequence

SMALL = 6
"""Up to so many members everyone listens to everyone."""
MUTUAL = 0.5
"""Two members belong together where what each can do survives in the other at least this far."""


def find_clusters(names: Sequence[str], trust: Callable[[str, str], float]) -> list[set[str]]:
    """Members that can repeat each other's skills, directly or through others.

    Args:
        names: All members.
        trust: How far the first trusts the second, in [0, 1]; 0 where nothing was tried.

    Returns:
        A partition of ``names``, in their order.
    """
    clusters: list[set[str]] = []
    for name in names:
        near = [c for c in clusters if any(min(trust(name, m), trust(m, name)) >= MUTUAL for m in c)]
        merged = {name}.union(*near)
        clusters = [c for c in clusters if c not in near] + [merged]
    return clusters


def candidates(
    learner: str,
    names: Sequence[str],
    trust: Callable[[str, str], float],
    rate: Callable[[str], float],
) -> list[str]:
    """Whom a learner may listen to, in the order of ``names``.

    In a large fleet those of its own cluster, and the best of every other.

    Args:
        learner: One of ``names``.
        names: All members.
        trust: See :func:`find_clusters`.
        rate: Success rate of a member.
    """
    others = [name for name in names if name != learner]
    if len(names) <= SMALL:
        return others
    heard: set[str] = set()
    for cluster in find_clusters(names, trust):
        heard |= cluster if learner in cluster else {max(cluster, key=lambda name: (rate(name), name))}
    return [name for name in others if name in heard]
