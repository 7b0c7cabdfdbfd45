"""``python -m hacpo_robot`` is the command line."""

from hacpo_robot.cli.main import main

if __name__ == "__main__":  # the processes of a study import this file again
    main()
