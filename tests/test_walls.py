"""The rooms of the house and the walls between them: who may import what."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "vitviz"
TENSORFLOW = {"tensorflow", "keras"}


def python_files(*rooms: str) -> list[Path]:
    """Every file of the rooms; a room is a package or a module of vitviz."""
    found = []
    for room in rooms:
        module, package = PACKAGE / f"{room}.py", PACKAGE / room
        found += [module] if module.is_file() else sorted(package.rglob("*.py"))
    return found


def imports(path: Path) -> set[str]:
    """The full names of all modules that a file imports, inside functions too."""
    names = set()
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def reaches(path: Path, forbidden: set[str]) -> set[str]:
    return {name for name in imports(path) if any(name == bad or name.startswith(bad + ".") for bad in forbidden)}


def test_the_walls_see_imports_in_every_form(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    room = tmp_path / "vitviz" / "analysis"
    room.mkdir(parents=True)
    file = room / "some.py"
    for line in ("import streamlit", "import streamlit.components as c", "from streamlit import button"):
        file.write_text(f"def late():\n    {line}\n")
        assert reaches(file, {"streamlit"}), line
    file.write_text("from ..ui import pages\nfrom . import rollout\nfrom .maps import carry\n")
    assert imports(file) >= {"vitviz.ui", "vitviz.ui.pages", "vitviz.analysis.rollout", "vitviz.analysis.maps.carry"}
    file.write_text("import streamlit_like\n")
    assert not reaches(file, {"streamlit"})


def test_only_the_pages_import_streamlit():
    outside = [path for path in PACKAGE.rglob("*.py") if "ui" not in path.relative_to(PACKAGE).parts[:1]]
    assert len(outside) > 30
    outside += [path for path in ROOT.glob("*.py") if path.name != "dashboard.py"]
    assert {path.name: found for path in outside if (found := reaches(path, {"streamlit"}))} == {}


@pytest.mark.parametrize("room", ["config", "analysis", "figures"])
def test_what_works_on_arrays_needs_neither_tensorflow_nor_streamlit(room):
    files = python_files(room)
    assert files
    assert {path.name: found for path in files if (found := reaches(path, TENSORFLOW | {"streamlit"}))} == {}


def test_the_settings_need_the_standard_library_only():
    (path,) = python_files("config")
    foreign = {name for name in imports(path) if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == set()


# The floors of the house, as the README has them: a room imports from the floors below it, and from no neighbour.
FLOORS = (
    ("config",),
    ("data", "models", "runs", "analysis"),
    ("trace", "trained", "live", "figures"),
    ("training",),
    ("zoo",),
    ("commands",),
    ("ui",),
)
# and what a room need not know although it stands below it
NOR = {
    "trace": ("data", "runs"),
    "live": ("data", "models"),
    "figures": ("data", "models", "runs"),
    "training": ("trace", "figures"),
}


def closed_to(room: str) -> set[str]:
    """The rooms that this one must not import."""
    (floor,) = (number for number, rooms in enumerate(FLOORS) if room in rooms)
    above = {other for rooms in FLOORS[floor:] for other in rooms if other != room}
    return above | set(NOR.get(room, ()))


@pytest.mark.parametrize("room", [room for rooms in FLOORS for room in rooms])
def test_a_room_imports_from_the_floors_below_it_alone(room):
    forbidden = {f"vitviz.{other}" for other in closed_to(room)}
    files = python_files(room)
    assert files
    assert {path.name: found for path in files if (found := reaches(path, forbidden))} == {}


def test_every_room_has_its_floor():
    rooms = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {room for floor in FLOORS for room in floor} == rooms - {"__init__", "__main__"}


@pytest.mark.parametrize("module", ["films", "fixed_pictures", "frames", "payload", "tracer", "view"])
def test_what_makes_the_time_machines_frames_needs_no_page(module):
    path = PACKAGE / "ui" / "time_machine" / f"{module}.py"
    pages = {"streamlit", "vitviz.ui.pages", "vitviz.ui.panels", "vitviz.ui.time_machine.machine"}
    assert reaches(path, pages) == set()


HEAVY = ["tensorflow", "keras", "streamlit", "plotly"]
LOADED = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"


def test_importing_vitviz_loads_nothing_heavy():
    answer = subprocess.run(
        [sys.executable, "-c", f"import vitviz; {LOADED}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["summary", "--model", "vit"]])
def test_help_and_summary_answer_without_tensorflow(arguments):
    code = f"""
import runpy, sys
sys.argv = ["vitviz", *{arguments}]
try:
    runpy.run_module("vitviz", run_name="__main__")
except SystemExit as end:
    assert end.code == 0, end.code
{LOADED}
"""
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"
    assert len(answer.stdout.splitlines()) > 5
