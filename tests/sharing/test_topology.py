"""Who listens to whom."""

import itertools

from hacpo_robot.sharing.topology import SMALL, candidates, find_clusters

NAMES = [f"m{i}" for i in range(9)]
GROUPS = ({"m0", "m1", "m2"}, {"m3", "m4"}, {"m5"}, {"m6", "m7", "m8"})


def trust(one, other):
    """Members of a group repeat each other's skills in a chain; others do not."""
    together = any(one in group and other in group for group in GROUPS)
    return 0.9 if together and abs(int(one[1]) - int(other[1])) == 1 else 0.1


def rate(name):
    return int(name[1]) / 10


def heard(learner, names=NAMES, trust=trust):
    return candidates(learner, names, trust, rate)


def test_clusters_partition_the_fleet_by_mutual_trust():
    assert sorted(map(sorted, find_clusters(NAMES, trust))) == sorted(map(sorted, GROUPS))


def test_one_sided_trust_does_not_make_a_cluster():
    assert len(find_clusters(["a", "b"], lambda one, _: 0.9 if one == "a" else 0.1)) == 2


def test_clusters_do_not_depend_on_the_order_of_names():
    for names in itertools.islice(itertools.permutations(NAMES), 0, 5000, 500):
        assert sorted(map(sorted, find_clusters(names, trust))) == sorted(map(sorted, GROUPS))


def test_a_small_fleet_hears_everyone():
    names = NAMES[:SMALL]
    assert heard("m1", names) == [name for name in names if name != "m1"]


def test_in_a_large_fleet_one_hears_its_cluster_and_the_best_of_every_other():
    assert heard("m0") == ["m1", "m2", "m4", "m5", "m8"]
    assert heard("m8") == ["m2", "m4", "m5", "m6", "m7"]


def test_a_fleet_where_nothing_was_tried_is_heard_whole():
    assert heard("m3", trust=lambda *_: 0.0) == [name for name in NAMES if name != "m3"]
