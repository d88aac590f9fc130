"""The tool behind make mutants: which faults it makes, and that its reasons still match."""

import ast
import builtins
from types import SimpleNamespace

import pytest

from tests.mutants.changes import changes
from tests.mutants.covering import ROOT, with_marks
from tests.mutants.lanes import loaded_functions, put_into_functions
from tests.mutants.run import _Only, all_mutants, chosen, reasons_without_mutant, written_reasons


def faults(source):
    """What is left of the source after each fault, one by one."""
    return [made for made, _ in _made(source)]


def _made(source):
    for index in range(len(changes(source)[1])):
        tree, found = changes(source)
        found[index].apply()
        yield ast.unparse(tree), found[index]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("x = a < b", "x = a <= b"),
        ("x = a is None", "x = a is not None"),
        ("x = a and b", "x = a"),
        ("x = a and b", "x = b"),
        ("x = not a", "x = a"),
        ("x = a + 2", "x = a - 2"),
        ("x = a + 2", "x = a + 3"),
        ("x = f(0)", "x = f(1)"),
        ("x = f(1)", "x = f(0)"),
        ("x = f(here=True)", "x = f(here=False)"),
        ("x = a if b else c", "x = a"),
        ("x = a if b else c", "x = c"),
        ("x = min(a, b)", "x = max(a, b)"),
        ("x = [a for a in b if a]", "x = [a for a in b if True]"),
        ("x = f({A, B})", "x = f({B})"),
        ("x = rows.filter(day__lte=d)", "x = rows.filter(day__lt=d)"),
        ("x = rows.filter(day__lte=d)", "x = rows.exclude(day__lte=d)"),
        ("x = rows.order_by('-at')", "x = rows.order_by('at')"),
        ("x = f'/{a}/'", "x = f'{a}/'"),
        ("x = f'/{a}/'", "x = f'/{a}'"),
        ("x = f'SELECT SUM({a})'", "x = f'SELECT MAX({a})'"),
        ("x = 'WHERE a <= b AND c'", "x = 'WHERE a < b AND c'"),
        ("x = 'WHERE a <= b AND c'", "x = 'WHERE a <= b OR c'"),
        ("x = 'WHERE a IS NOT NULL'", "x = 'WHERE a IS NULL'"),
        ("x = 'ORDER BY a DESC'", "x = 'ORDER BY a ASC'"),
        ("x = \"WHERE s IN ('submitted', 'approved')\"", "x = \"WHERE s IN ('submitted')\""),
        ("x = \"WHERE p LIKE '%/4/%'\"", "x = \"WHERE p LIKE '%/4%'\""),
        ("def f():\n    a.b = 1", "def f():\n    pass"),
        ("def f():\n    return a", "def f():\n    return None"),
        ("def f():\n    if a:\n        b()", "def f():\n    if False:\n        b()"),
    ],
)
def test_a_fault(line, fault):
    assert fault in faults(line)


def test_every_fault_changes_something_and_can_be_compiled():
    for mutant in all_mutants(["reporting/rollup/rollup.py", "taskforces/scope.py"])[::23]:
        tree, found = changes((ROOT / mutant.file).read_text())
        before = ast.dump(tree)
        found[mutant.index].apply()
        assert ast.dump(tree) != before
        assert mutant.faulty_code()


def test_words_for_people_are_left_alone():
    assert faults("x = 'Đã gửi, <b>không</b> sửa được'") == []
    assert faults("'''A docstring WHERE a < b AND c.'''") == []


def test_the_choice_is_fixed_by_the_seed():
    mutants = all_mutants(["reporting/closing.py"])
    assert [m.index for m in chosen(mutants, "1", "9")] == [m.index for m in chosen(mutants, "1", "9")]
    assert [m.index for m in chosen(mutants, "1", "9")] != [m.index for m in chosen(mutants, "2", "9")]
    assert chosen(mutants, "1", "all") == mutants


def test_every_reason_matches_a_line():
    assert reasons_without_mutant(written_reasons()) == []
    assert reasons_without_mutant({("reporting/closing.py", "gone", "True -> False"): "?"}) != []


def test_tests_that_empty_the_tables_come_after_all_others():
    def collected():
        return [
            SimpleNamespace(nodeid=name, fixturenames=fixtures, get_closest_marker=lambda _: None)
            for name, fixtures in (("a", ["transactional_db"]), ("b", ["db"]), ("c", []), ("other", []))
        ]

    def run_now(tests):
        only.now, items = tests, collected()
        only.pytest_collection_modifyitems(items)
        only.ran |= {item.nodeid for item in items}
        return [item.nodeid for item in items]

    only = _Only(["a", "c", "b"], {})
    assert run_now(only.tests[:2]) == ["c"]
    assert run_now(only.tests) == ["b", "a"]


def test_a_fault_reaches_functions_wherever_they_are_held(tmp_path):
    source = """
from functools import lru_cache, wraps
def plain(a): return a < 1
@lru_cache
def cached(a): return a < 1
def keep(function):
    @wraps(function)
    def inner(a): return function(a)
    return inner
@keep
def wrapped(a): return a < 1
class Thing:
    @property
    def one(self): return 1 < 1
    @staticmethod
    def static(a): return [b for b in (a,) if b < 1] == [a]
"""
    path = tmp_path / "held.py"
    names: dict = {}
    exec(compile(source, str(path), "exec"), names)
    Thing, held = names["Thing"], [names["plain"], names["cached"], names["wrapped"], names["Thing"].static]
    assert [function(0) for function in held] == [True] * 4
    there = loaded_functions()
    assert not put_into_functions(there, path, compile(source, str(path), "exec"))
    assert put_into_functions(there, path, compile(source.replace("<", "<="), str(path), "exec"))
    assert [function(1) for function in held] == [True] * 4
    assert Thing().one
    assert not put_into_functions(there, tmp_path / "other.py", compile(source, str(path), "exec"))


def test_every_statement_of_a_function_that_runs_is_marked(monkeypatch):
    source = """
ONE = 1
def plain(a):
    '''A docstring.'''
    if a < 1:
        return "less"
    elif a == ONE:
        kept = [b for b in (a,)]
    else:
        return inner(a)
    try:
        return kept[5]
    except IndexError:
        raise
def inner(a):
    def deeper():
        return a
    return deeper()
class Thing:
    two = 2
    def method(self):
        with open(__file__):
            pass
"""
    met = []
    monkeypatch.setattr(builtins, "__ran__", met.append, raising=False)
    names = {}
    exec(compile(with_marks(source, 1000), "x", "exec"), names)
    assert met == []  # what runs at import belongs to no test
    assert (names["plain"](0), met) == ("less", [1005, 1006])
    assert names["plain"].__doc__ == "A docstring."
    met.clear()
    assert (names["plain"](2), met) == (2, [1005, 1007, 1010, 1016, 1018, 1017])
    met.clear()
    with pytest.raises(IndexError):
        names["plain"](1)
    assert met == [1005, 1007, 1008, 1011, 1012, 1014]
