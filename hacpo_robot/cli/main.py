"""``hacpo-robot VERB ...``: finds the verb, and turns errors into one sentence and an exit code."""

import logging
import os
import sys
from importlib import import_module

from hacpo_robot.errors import ExportError, HacpoError, StudyError, UnknownNameError, VideoError

VERBS = {
    "train": "train a fleet, then evaluate, export and film every policy",
    "evaluate": "run held-out episodes of a trained fleet",
    "export": "write one ONNX folder per robot from a run",
    "study": "many runs: conditions, tasks and seeds, with their results as tables",
    "report": "a page of tables and figures from the results of studies",
    "play": "run an exported policy with onnxruntime alone",
    "dataset": "write episodes of a run for robomimic or LeRobot",
    "list": "robots, tasks, presets, studies",
    "check": "look a robot, a task or an exported policy over",
    "bench": "simulation speed beside robosuite's own",
}
FAILURES = (StudyError, ExportError, VideoError)
"""Work that was begun as asked and could not be done; what is left is wrong input."""
EXIT_FAILED = 1
EXIT_WRONG_INPUT = 2
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141
"""As a shell reports a program whose reader went away, ``hacpo-robot list | head -1``."""


def main() -> None:
    """Entry point of the console script."""
    try:
        _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        sys.exit(EXIT_UNREAD)


def _run(arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage(), flush=True)
        sys.exit(0 if arguments else EXIT_WRONG_INPUT)
    # Rendering has a process of its own; without this MuJoCo would look for a screen.
    os.environ.setdefault("MUJOCO_GL", "disabled")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        if arguments[0] not in VERBS:
            raise UnknownNameError("verb", arguments[0], VERBS)
        import_module(f"hacpo_robot.cli.{arguments[0]}").run(arguments[1:])
    except HacpoError as error:
        print(f"hacpo-robot: {error}", file=sys.stderr)
        sys.exit(EXIT_FAILED if isinstance(error, FAILURES) else EXIT_WRONG_INPUT)
    except BrokenPipeError:
        raise
    except OSError as error:  # of files and folders that the user named
        print(f"hacpo-robot: {error}", file=sys.stderr)
        sys.exit(EXIT_WRONG_INPUT)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _usage() -> str:
    verbs = "\n".join(f"  {verb:<10} {text}" for verb, text in VERBS.items())
    return f"usage: hacpo-robot VERB ...\n\n{verbs}\n\nhacpo-robot VERB -h explains a verb."
