"""Versions of what is installed, as files tell where they come from."""

from importlib.metadata import PackageNotFoundError, version


def version_of(package: str) -> str:
    """Version of a distribution, or that it is not installed, as this package itself may be in a checkout."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
