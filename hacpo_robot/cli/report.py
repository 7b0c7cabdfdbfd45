"""``hacpo-robot report FOLDER ...``: a page of tables and figures from the results of studies."""

import argparse
from pathlib import Path

from hacpo_robot.study.page import compose, with_headline


def run(arguments: list[str]) -> None:
    """Parse, compose, write."""
    parser = argparse.ArgumentParser("hacpo-robot report", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="with cells.csv and study.json; headline first")
    parser.add_argument("--page", type=Path, help="RESULTS.md beside the first folder when not given")
    parser.add_argument("--readme", type=Path, help="also bring the headline up to date in this file")
    chosen = parser.parse_args(arguments)
    page = chosen.page or chosen.folders[0].parent / "RESULTS.md"
    files = compose(page, chosen.folders)
    if chosen.readme is not None:
        files[chosen.readme] = with_headline(chosen.readme, page, chosen.folders[0])
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(path)
