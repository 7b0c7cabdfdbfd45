"""``python -m hacpo_robot`` is the command line."""

from hacpo_robot.cli.main import main

main()
