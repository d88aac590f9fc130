"""One noun, one file: what a name means is found in one place, and files stay short enough to be read."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APPS = ("reporting", "taskforces", "de_an_06")
GIVEN_BY_DJANGO = {"urlpatterns", "register", "logger", "Command"}
# Modules whose name another may carry: a noun's model, its rules and its page; and what Django looks for by name.
LAYERS = {"models", "views"}
NAMED_BY_DJANGO = {"admin", "apps", "tasks", "urls"}
LONGEST_FILE = 450  # lines; migrations are written by Django


def written_here(folder: str, ending: str) -> list[Path]:
    """Files of a folder, but for what Django writes and what others wrote."""
    left_out = {"migrations", "__pycache__", "vendor"}
    return [path for path in (ROOT / folder).rglob(f"*{ending}") if left_out.isdisjoint(path.parts)]


def modules() -> list[Path]:
    return [path for app in APPS for path in written_here(app, ".py") if path.name != "__init__.py"]


def public_names(path: Path) -> set[str]:
    """Classes and constants of a module, but for `State = ImportJob.State`, which only shortens a name."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        targets, value = [], None
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign):
            targets, value = [node.target], node.value
        for target in targets:
            is_alias = isinstance(value, ast.Attribute) and isinstance(target, ast.Name) and value.attr == target.id
            if isinstance(target, ast.Name) and not is_alias:
                found.add(target.id)
    return {name for name in found if not name.startswith("_")} - GIVEN_BY_DJANGO


def test_no_class_and_no_constant_is_defined_twice():
    where = defaultdict(list)
    for path in modules():
        for name in public_names(path):
            where[name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def test_a_module_shares_its_name_only_with_its_model_and_its_page():
    where = defaultdict(list)
    for path in modules():
        if path.stem not in NAMED_BY_DJANGO and "management" not in path.parts and path.parent.name not in LAYERS:
            where[path.stem].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def test_no_file_is_longer_than_a_reader_can_hold():
    files = [path for app in APPS for path in written_here(app, ".py")]
    files += [*written_here("templates", ".html"), *written_here("static", ".css"), *written_here("static", ".js")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert len(lengths) > 300
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}
