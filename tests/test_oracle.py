"""A few random worlds against the independent model; `make oracle` runs many (see tests/oracle/run.py)."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

from tests.oracle import model, race
from tests.oracle.compare import Tally
from tests.oracle.run import check_recalculated, check_world
from tests.oracle.sequences import run_sequence
from tests.oracle.worlds import prepare_catalogue


def clean(tally: Tally, least: int) -> None:
    assert not tally.wrong, "\n".join(tally.differences[:20])
    assert tally.cells.total() > least


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [3, 7, 21])
def test_a_random_world_says_what_the_model_says(seed, tmp_path):
    """Stored totals, overview, rows, sources, trend, pages, Excel and audit, for every kind of span and both bases."""
    prepare_catalogue()
    tally = Tally()
    check_world(seed, tally, tmp_path, size=0.4)
    clean(tally, 8000)
    kinds = {"stored", "audit", "head", "rows", "services", "indicators", "missing", "comparison", "trend"}
    assert kinds | {"grid", "lines", "board", "sources", "page", "links", "excel"} <= set(tally.cells)


@pytest.mark.slow
@pytest.mark.django_db
def test_recalculated_by_libreoffice_the_files_say_it_too(tmp_path):
    prepare_catalogue()
    tally = Tally()
    books = check_world(5, Tally(), tmp_path, size=0.4)
    check_recalculated(books, tally, tmp_path)
    if not tally.cells:
        pytest.skip("LibreOffice (soffice) is not installed")
    clean(tally, 100)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [0, 4])
def test_after_any_sequence_of_acts_the_drained_totals_are_those_from_scratch(seed, tmp_path):
    prepare_catalogue()
    tally = Tally()
    sequence = run_sequence(seed, tmp_path, tally, steps=14, pages=4)
    clean(tally, 8000)
    assert len(sequence.acts) > 4


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_change_saved_while_a_roll_up_runs_is_not_lost():
    """Real processes: the mark in the middle of a roll-up, then two writers and two drains at once."""
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    prepare_catalogue()
    tally = Tally()
    race.check_races(tally)
    clean(tally, 1000)


def test_the_model_knows_nothing_of_the_portal():
    """Plain Python alone: an error of the portal's code cannot be the model's too."""
    tree = ast.parse(Path(model.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported == {"collections", "dataclasses", "datetime", "fractions"}
