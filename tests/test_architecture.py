"""The shape of the package: layers, sizes, names, and what a wheel carries."""

import ast
import importlib
import shutil
import subprocess
import sys
import tomllib
import zipfile
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from hacpo_robot.cli.main import VERBS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hacpo_robot"
LAYERS = (
    "errors paths versions cores markdown",
    "specs",
    "robots tasks",
    "catalog",
    "sim",
    "control",
    "envs",
    "sharing",
    "learning",
    "export",
    "datasets",
    "study",
    "cli",
    "__init__ __main__",
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()}
FOLDERS = ("hacpo_robot", "robots", "tasks", "tests", "benchmarks")
MODULES = sorted(path.relative_to(ROOT) for path in PACKAGE.rglob("*.py"))
PLUGS = sorted(
    path.relative_to(ROOT) for folder in ("robots", "tasks") for path in (ROOT / folder).rglob("*.py")
)
SOURCES = sorted(path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def imports(path):
    """Absolute names that a file imports, at any depth: in functions and under TYPE_CHECKING too."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names}
    return names


def own_imports(path):
    """Modules of this package that a file imports, as dotted names."""
    return {module_of(name) for name in imports(path) if name.split(".")[0] == "hacpo_robot"}


def module_of(name):
    """The module that defines a dotted name: the longest part of it that is a file or a folder."""
    parts = name.split(".")
    while len(parts) > 1:
        place = ROOT.joinpath(*parts)
        if place.with_suffix(".py").is_file() or (place / "__init__.py").is_file():
            break
        parts.pop()
    return ".".join(parts)


def dotted(path):
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def layer(module):
    """First part below the package; the package itself is its ``__init__``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def test_the_architecture_page_names_every_module():
    page = (ROOT / "docs" / "architecture.md").read_text()
    names = {"/".join(path.with_suffix("").parts[1:]) for path in MODULES if path.stem[0] != "_"}
    verbs = {f"cli/{verb}" for verb in VERBS}
    assert verbs < names
    assert [name for name in sorted(names - verbs) if f"`{name}`" not in page] == []


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_point_down(path):
    own = layer(dotted(path))
    assert own in RANK, f"{own} has no layer; add it to LAYERS here and in docs/architecture.md"
    upward = {name for name in own_imports(path) if layer(name) != own and RANK[layer(name)] > RANK[own]}
    assert not upward, f"{own} may not import {sorted(upward)}"


def test_imports_have_no_cycle():
    graph = {dotted(path): own_imports(path) - {dotted(path)} for path in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("path", PLUGS, ids=str)
def test_robots_and_tasks_import_specs_numpy_and_siblings_only(path):
    allowed = {"numpy", *sys.stdlib_module_names}
    foreign = {
        name
        for name in imports(path)
        if not name.startswith(("hacpo_robot.specs.", ".")) and name.split(".")[0] not in allowed
    }
    assert not foreign, f"{path} may not import {sorted(foreign)}"


def test_robots_and_tasks_never_meet_in_source():
    robots = [path.stem for path in PLUGS if path.parts[0] == "robots" and path.stem != "__init__"]
    for path in PLUGS:
        if path.parts[0] == "tasks":
            named = [name for name in robots if name in (ROOT / path).read_text().lower()]
            assert not named, f"{path} names {named}"


@pytest.mark.parametrize(
    ("library", "doors"),
    [
        ("torch", {"sharing", "learning", "export", "study", "cli"}),
        ("mujoco", {"sim"}),
        ("robosuite", {"envs"}),
        ("onnx", {"export"}),
        ("onnxruntime", {"export"}),
        ("h5py", {"datasets"}),
        ("pyarrow", {"datasets"}),
    ],
)
def test_third_party_library_comes_in_by_few_doors(library, doors):
    users = {layer(dotted(path)) for path in MODULES if library in {n.split(".")[0] for n in imports(path)}}
    assert users <= doors, f"{library} is imported in {sorted(users - doors)}"


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_file_is_short(path):
    # The runtime goes to robots as one file that needs no other of ours, guard, loop and checks included.
    longest = 1000 if path == Path("hacpo_robot/export/runtime.py") else 300
    n_lines = len((ROOT / path).read_text().splitlines())
    assert n_lines <= longest, f"{path} has {n_lines} lines; split it"


def prints(tree):
    return [
        n.lineno for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "print"
    ]


@pytest.mark.parametrize("path", [p for p in (*MODULES, *PLUGS) if p.parts[1] != "cli"], ids=str)
def test_only_the_command_line_prints(path):
    tree = ast.parse((ROOT / path).read_text())
    if path == Path("hacpo_robot/export/runtime.py"):
        # It leaves as one file and brings a command line of its own.
        tree.body = [node for node in tree.body if getattr(node, "name", "") != "main"]
    assert not prints(tree), f"print in {path}, lines {prints(tree)}; use logging"


@pytest.mark.parametrize(
    "path", [path for path in MODULES if "__all__" in (ROOT / path).read_text()], ids=str
)
def test_every_public_name_resolves(path):
    module = importlib.import_module(dotted(path))
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing


# -- the wheel -------------------------------------------------------------------------------------


def test_packages_to_ship_are_the_folders_on_disk():
    on_disk = {dotted(path.parent) for path in MODULES} - {"hacpo_robot"}
    on_disk |= {f"hacpo_robot.{dotted(path.parent)}" for path in PLUGS}
    assert set(SETUPTOOLS["packages"]) == {"hacpo_robot", "hacpo_robot.sim_assets"} | on_disk
    for package, folder in SETUPTOOLS["package-dir"].items():
        assert package == f"hacpo_robot.{folder.replace('/', '.')}"
        assert (ROOT / folder).is_dir()


def test_nothing_but_the_package_is_named_for_shipping():
    assert {name.split(".")[0] for name in SETUPTOOLS["packages"]} == {"hacpo_robot"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Names and the robots' ``__init__`` of a wheel built from a copy of the sources."""
    source = tmp_path_factory.mktemp("source")
    for name in ("hacpo_robot", "robots", "tasks", "sim_assets"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "dist", "."]
    subprocess.run(command, cwd=source, check=True)
    with zipfile.ZipFile(next((source / "dist").glob("*.whl"))) as archive:
        return archive.namelist(), archive.read("hacpo_robot/robots/__init__.py").decode()


@pytest.mark.slow
def test_wheel_holds_nothing_beside_the_package(wheel):
    names, _ = wheel
    assert {name.split("/")[0].split("-")[0] for name in names} <= {"hacpo_robot"}


@pytest.mark.slow
def test_wheel_holds_every_source_file(wheel):
    names, _ = wheel
    missing = [str(path) for path in MODULES if str(path) not in names]
    assert not missing
    assert not [path for path in PLUGS if f"hacpo_robot/{path}" not in names]
    assert "hacpo_robot/sim_assets/README.md" in names
    assert "hacpo_robot/py.typed" in names
    assert "hacpo_robot/export/policy_metadata.schema.json" in names


@pytest.mark.slow
def test_wheel_leaves_the_redirect_of_the_checkout_behind(wheel):
    _, init = wheel
    assert "__path__" not in init
