"""The small faults: every change the tool can make to one file, in a fixed order. Knows syntax, no test and no project.

Python is changed in its syntax tree, SQL inside strings token by token. Words for people are left alone.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
NAMES = {  # functions, and methods of querysets
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "Sum": "Max",
    "Min": "Max",
    "Max": "Min",
    "filter": "exclude",
    "exclude": "filter",
    "first": "last",
    "last": "first",
    "ceil": "floor",
    "removeprefix": "removesuffix",
}
LOOKUPS = {"lt": "lte", "lte": "lt", "gt": "gte", "gte": "gt", "contains": "endswith", "startswith": "contains"}
# Arguments that change no value: how many rows go in one piece, and whether zip asks for equal lengths.
SILENT_ARGUMENTS = {"batch_size", "strict"}
SQL = re.compile(r"\b(SELECT|FROM|JOIN|WHERE|GROUP BY|ORDER BY|SUM|CASE|VALUES|IS NOT NULL|IS NULL|AND|OR|LIKE)\b")
TOKENS = (  # what stands in SQL, and what is put there instead
    (r"\bSUM\(", "MAX("),
    (r"\bMAX\(", "MIN("),
    (r"\bMIN\(", "MAX("),
    (r"\bCOUNT\(DISTINCT ", "COUNT("),
    (r"\bAND\b", "OR"),
    (r"\bOR\b", "AND"),
    (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r"\bNOT IN\b", "IN"),
    (r"\bNOT EXISTS\b", "EXISTS"),
    (r"\bLEFT JOIN\b", "JOIN"),
    (r"\bUNION ALL\b", "UNION"),
    (r"\bDESC\b", "ASC"),
    (r"<=", "<"),
    (r">=", ">"),
    (r"<(?![=>])", "<="),
    (r"(?<![<])>(?!=)", ">="),
    (r"<>", "="),
    (r"(?<![<>!])=(?! excluded)", "<>"),
    (r"'submitted', 'approved'", "'submitted'"),
    (r"'submitted', 'approved'", "'approved'"),
    (r"\bTHEN 1\b", "THEN 0"),
    (r"\bELSE 0\b", "ELSE 1"),
    (r"(?<=\) )\+(?= )|(?<=\w )\+(?= \w)", "-"),
    (r"(?<=\) )- 1\b", ""),
    (r"'/", "'"),
    (r"/%'", "%'"),
    (r"/'", "'"),
)


@dataclass
class Change:
    """One fault. `apply` makes it in the tree it was read from; the lines are those of its statement."""

    line: int
    lines: range
    before: str
    after: str
    in_function: bool
    apply: Callable[[], None]

    @property
    def words(self) -> str:
        return f"{self.before} -> {self.after}"


def changes(source: str) -> tuple[ast.Module, list[Change]]:
    """The syntax tree and every change that can be made to it, of which only one may be applied."""
    tree = ast.parse(source)
    return tree, list(_Walk(source).body(tree, in_function=False))


class _Walk:
    def __init__(self, source: str):
        self.source_lines = source.splitlines()

    def body(self, node: ast.AST, *, in_function: bool) -> Iterator[Change]:
        for field in ("body", "orelse", "finalbody", "handlers"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                for index, statement in enumerate(block):
                    yield from self.statement(statement, block, index, in_function)

    def statement(self, node: ast.stmt, block: list, index: int, in_function: bool) -> Iterator[Change]:
        if _is_silent(node):
            return
        header_end = node.body[0].lineno - 1 if getattr(node, "body", None) else node.end_lineno
        self.lines = range(node.lineno, max(header_end, node.lineno) + 1)
        self.in_function = in_function
        if in_function and _can_go(node):
            yield self.change(node, ast.unparse(node), "pass", lambda: block.__setitem__(index, _pass(node)))
        if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
            nothing = ast.Constant(None)
            yield self.change(node, ast.unparse(node), "return None", lambda: setattr(node, "value", nothing))
        if isinstance(node, ast.If | ast.While):
            yield from self.forced(node, "test")
        if isinstance(node, ast.FunctionDef):
            for index_, default in enumerate(node.args.kw_defaults):
                if default is not None:
                    yield from self.expression(default, node.args.kw_defaults, index_)
        for field, value in ast.iter_fields(node):
            if field in {
                "annotation",
                "returns",
                "decorator_list",
                "args",
                "targets",
                "target",
                "type_params",
                "bases",
            }:
                continue
            if isinstance(value, ast.expr):
                yield from self.expression(value, node, field)
            elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
                for index_, item in enumerate(value):
                    yield from self.expression(item, value, index_)
            elif field == "items":  # with
                for item in value:
                    yield from self.expression(item.context_expr, item, "context_expr")
        inside = in_function or isinstance(node, ast.FunctionDef)
        yield from self.body(node, in_function=inside)

    def change(self, node: ast.AST, before: str, after: str, apply: Callable[[], None]) -> Change:
        short = (" ".join(text.split()) for text in (before, after))
        return Change(node.lineno, self.lines, *(_clip(text) for text in short), self.in_function, apply)

    def swap(self, node: ast.AST, holder, field, new: ast.AST) -> Change:
        """The change that puts another node in the place of this one."""

        def apply():
            ast.copy_location(new, node)
            ast.fix_missing_locations(new)
            if isinstance(holder, list):
                holder[field] = new
            else:
                setattr(holder, field, new)

        return self.change(node, ast.unparse(node), ast.unparse(new), apply)

    def forced(self, holder, field) -> Iterator[Change]:
        """A condition that always holds, or never."""
        test = holder[field] if isinstance(holder, list) else getattr(holder, field)
        for outcome in (True, False):
            if not (outcome and isinstance(holder, ast.While)):
                yield self.swap(test, holder, field, ast.Constant(outcome))

    def expression(self, node: ast.expr, holder, field) -> Iterator[Change]:
        yield from self.own(node, holder, field)
        if isinstance(node, ast.JoinedStr):
            yield from self.in_string(node)
        for name, value in ast.iter_fields(node):
            if name == "format_spec" or (name == "args" and isinstance(node, ast.Lambda)):
                continue
            if isinstance(node, ast.JoinedStr):
                value = [part for part in value if isinstance(part, ast.FormattedValue)]
            if isinstance(node, ast.Call) and name == "args" and getattr(node.func, "attr", "") == "iterator":
                continue
            if isinstance(node, ast.Call) and name == "func":
                if isinstance(value, ast.Attribute):
                    yield from self.expression(value.value, value, "value")
                continue
            if isinstance(value, ast.expr):
                yield from self.expression(value, node, name)
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        yield from self.expression(item, value, index)
                    elif isinstance(item, ast.keyword) and item.arg not in SILENT_ARGUMENTS:
                        yield from self.lookup(item)
                        yield from self.expression(item.value, item, "value")
                    elif isinstance(item, ast.comprehension):
                        yield from self.expression(item.iter, item, "iter")
                        for place, test in enumerate(item.ifs):
                            yield from self.forced(item.ifs, place)
                            yield from self.expression(test, item.ifs, place)

    def own(self, node: ast.expr, holder, field) -> Iterator[Change]:
        """The changes of this very node."""
        match node:
            case ast.Compare(ops=[operator, *_]) if type(operator) in COMPARISONS:
                new = ast.Compare(node.left, [COMPARISONS[type(operator)](), *node.ops[1:]], node.comparators)
                yield self.swap(node, holder, field, new)
            case ast.BoolOp(values=values):
                for index in range(len(values)):
                    rest = values[:index] + values[index + 1 :]
                    new = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
                    yield self.swap(node, holder, field, new)
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
                yield self.swap(node, holder, field, operand)
            case ast.BinOp(op=operator) if type(operator) in OPERATORS:
                yield self.swap(node, holder, field, ast.BinOp(node.left, OPERATORS[type(operator)](), node.right))
            case ast.IfExp(body=body, orelse=orelse):
                yield self.swap(node, holder, field, body)
                yield self.swap(node, holder, field, orelse)
            case ast.Constant(value=bool(value)):
                yield self.swap(node, holder, field, ast.Constant(not value))
            case ast.Constant(value=int(value)):
                yield self.swap(node, holder, field, ast.Constant(0 if value == 1 else value + 1))
            case ast.Constant(value=str(value)) if re.fullmatch(r"-[a-z_]+", value):  # order_by("-at")
                yield self.swap(node, holder, field, ast.Constant(value[1:]))
            case ast.Constant(value=str(value)) if SQL.search(value):
                yield from self.sql(node, value)
            case ast.Call(func=ast.Name(id=name)) if name in NAMES:
                yield self.renamed(node, "id")
            case ast.Call(func=ast.Attribute(attr=name)) if name in NAMES:
                yield self.renamed(node, "attr")
            case ast.Set(elts=items) | ast.Tuple(elts=items) | ast.List(elts=items) if len(items) > 1 and all(
                isinstance(item, ast.Name | ast.Attribute | ast.Starred) for item in items
            ):
                if not isinstance(holder, ast.Return | ast.Assign | ast.Subscript | ast.GeneratorExp | ast.ListComp):
                    for item in items:
                        rest = [other for other in items if other is not item]
                        yield self.swap(
                            node, holder, field, type(node)(rest, *([node.ctx] if hasattr(node, "ctx") else []))
                        )

    def renamed(self, node: ast.Call, attribute: str) -> Change:
        function = node.func
        old = getattr(function, attribute)
        return self.change(function, f"{old}(", f"{NAMES[old]}(", lambda: setattr(function, attribute, NAMES[old]))

    def lookup(self, keyword: ast.keyword) -> Iterator[Change]:
        """The comparison in the name of an argument: valid_to__gte=day."""
        stem, _, last = (keyword.arg or "").rpartition("__")
        if stem and last in LOOKUPS:
            new = f"{stem}__{LOOKUPS[last]}"
            yield self.change(keyword, f"{keyword.arg}=", f"{new}=", lambda: setattr(keyword, "arg", new))

    def in_string(self, node: ast.JoinedStr) -> Iterator[Change]:
        """Pieces of SQL in an f-string, and the slashes round the number of a unit in a path."""
        texts = [part for part in node.values if isinstance(part, ast.Constant)]
        if SQL.search(" ".join(part.value for part in texts)):
            for part in texts:
                yield from self.sql(part, part.value)
            return
        for which, part in enumerate(texts, start=1):
            if part.value == "/":
                words = f"without slash {which}"
                yield self.change(node, ast.unparse(node), words, lambda part=part: setattr(part, "value", ""))

    def sql(self, node: ast.Constant, text: str) -> Iterator[Change]:
        found = chain.from_iterable(((match, new) for match in re.finditer(old, text)) for old, new in TOKENS)
        for match, new in sorted(found, key=lambda item: item[0].start()):
            changed = text[: match.start()] + new + text[match.end() :]
            if changed == text:
                continue
            start, end = max(0, match.start() - 24), match.end() + 24
            tail = text[match.end() : end]
            change = self.change(
                node,
                text[start:end],
                text[start : match.start()] + new + tail,
                lambda changed=changed: setattr(node, "value", changed),
            )
            change.line = self.line_of(text, match.start(), change.line)
            yield change

    def line_of(self, text: str, position: int, line: int) -> int:
        """The line of the file where this piece of a string stands: the first of the statement that shows it."""
        piece = text[text.rfind("\n", 0, position) + 1 :].split("\n", 1)[0].strip()
        numbers = (number for number in self.lines if piece in self.source_lines[number - 1])
        return next(numbers, line)


def _is_silent(node: ast.stmt) -> bool:
    """Statements in which nothing is decided: docstrings, imports, types, messages to the log, looks."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()) | ast.Global() | ast.Nonlocal():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="logger")))):
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="add"))):  # the looks of a kind of cell
            return True
    return False


def _can_go(node: ast.stmt) -> bool:
    """Statements without which the function still runs."""
    match node:
        case ast.Expr() | ast.Raise() | ast.AugAssign() | ast.Continue() | ast.Break() | ast.Delete():
            return True
        case ast.Assign(targets=targets):
            return all(isinstance(target, ast.Attribute | ast.Subscript) for target in targets)
    return False


def _pass(node: ast.stmt) -> ast.Pass:
    return ast.copy_location(ast.Pass(), node)


def _clip(text: str) -> str:
    return text if len(text) <= 110 else text[:60] + " … " + text[-46:]
