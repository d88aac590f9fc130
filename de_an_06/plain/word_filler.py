"""Run as a program: looks at a Word template that somebody handed in, or fills one, where it can do no harm.

The process has a limit of memory and of time, knows neither Django nor the database, and reads one JSON object from its
standard input. Jinja runs in a sandbox that knows the plain data it was given and nothing else: names, keys of
dictionaries, `loop`, `if`, `for`, comparisons and a handful of filters. No attribute of an object is ever read, nothing
is called, nothing is multiplied. Only the standard library and docxtpl: `word_files.py` starts it.
"""

import contextlib
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

_CHUNK = 256 * 1024
_LOOP = {"first", "last", "index", "length"}
_FILTERS = {"upper", "lower", "first", "last", "length", "join", "capitalize"}
_TESTS = {"defined", "none"}
# Fields of Word that fetch or run something when the document is opened.
_FETCHING_FIELD = re.compile(
    r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|LINK|IMPORT|DATABASE|RD|MACROBUTTON|HTMLCONTROL|CONTROL)\b"
)
_FOREIGN_PARTS = ("word/embeddings/", "word/activex/", "word/afchunk", "customui/")
_FOREIGN_KINDS = ("/aFChunk", "/oleObject", "/control", "/attachedTemplate", "/subDocument", "/vbaProject")
NOT_A_WORD_FILE = "Không đọc được tệp Word: tệp hỏng hoặc có mật khẩu. Mở bằng Word, lưu lại dạng .docx rồi gửi."
TEMPLATE_TOO_LARGE = "Tệp giải nén ra quá lớn. Xóa bớt ảnh, nội dung rồi gửi."


class TemplateFault(Exception):
    """What is wrong with the template, one sentence each, for the person who sent it."""

    def __init__(self, *sentences: str):
        super().__init__(*sentences)
        self.sentences = list(dict.fromkeys(sentences))


# --- the parts of the file


def look_at_parts(path: str, limits: dict[str, int]) -> None:
    """Streams every part through: sizes, elements, entities, links to elsewhere, fields that fetch, objects inside."""
    unpacked = elements = 0
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            name = part.filename.lower()
            if name.startswith(_FOREIGN_PARTS):
                raise TemplateFault(
                    "Tệp có đối tượng nhúng (OLE, ActiveX, tệp khác). Xóa đối tượng đó, lưu lại rồi gửi."
                )
            found = _Part(name)
            with archive.open(part) as stream:
                while chunk := stream.read(_CHUNK):
                    unpacked += len(chunk)
                    if unpacked > limits["unpacked"]:
                        raise TemplateFault(TEMPLATE_TOO_LARGE)
                    found.feed(chunk)
            elements += found.elements
            if elements > limits["elements"]:
                raise TemplateFault("Tệp mẫu quá dài. Mẫu chỉ gồm phần chữ cố định và các chỗ điền.")


class _Part:
    """One part of the archive, read while it streams by."""

    def __init__(self, name: str):
        self.elements = 0
        self.is_xml = name.endswith((".xml", ".rels"))
        self.field = ""
        self.is_in_field = False
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.doctype

    def feed(self, chunk: bytes) -> None:
        if not self.is_xml:
            return
        try:
            self.parser.Parse(chunk, False)
        except expat.ExpatError as error:
            raise TemplateFault(NOT_A_WORD_FILE) from error

    def doctype(self, *_: Any) -> None:
        raise TemplateFault(NOT_A_WORD_FILE)  # no program writes one into a document: entities that unfold

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        tag = name.rpartition(":")[2]
        if tag == "Relationship":
            self.relationship(attributes)
        elif tag in {"altChunk", "object", "control", "subDoc"}:
            raise TemplateFault("Tệp có đối tượng nhúng (OLE, ActiveX, tệp khác). Xóa đối tượng đó, lưu lại rồi gửi.")
        elif tag == "fldSimple":
            self.look_at_field(" ".join(value for key, value in attributes.items() if key.endswith("instr")))
        elif tag == "instrText":
            self.is_in_field = True
        elif tag == "fldChar" and "end" in attributes.values():
            self.look_at_field(self.field)  # Word cuts one instruction into several pieces
            self.field = ""

    def end(self, name: str) -> None:
        if name.endswith("instrText"):
            self.is_in_field = False

    def text(self, text: str) -> None:
        if self.is_in_field:
            self.field += text

    def look_at_field(self, instruction: str) -> None:
        if found := _FETCHING_FIELD.search(instruction.upper()):
            raise TemplateFault(
                f"Tệp có trường {found[1]} lấy nội dung từ nơi khác. Đổi trường đó thành chữ thường "
                "(chọn, Ctrl+Shift+F9) rồi gửi."
            )

    def relationship(self, attributes: dict[str, str]) -> None:
        kind, target = attributes.get("Type", ""), attributes.get("Target", "")
        if kind.endswith(_FOREIGN_KINDS):
            raise TemplateFault("Tệp có mẫu kèm theo hoặc đối tượng nhúng. Bỏ đi, lưu lại rồi gửi.")
        if attributes.get("TargetMode", "").lower() == "external":
            raise TemplateFault(
                f"Tệp có liên kết ra ngoài: “{target[:80]}”. Bỏ liên kết (bấm chuột phải, Remove Hyperlink), "
                "dán ảnh thẳng vào tệp, lưu lại rồi gửi."
            )


# --- the sandbox


def _environment(shape: Any) -> Any:
    """Jinja with nothing in it but plain data; every template it compiles is held against `shape` first."""
    from jinja2 import StrictUndefined, nodes
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    allowed = (
        *(
            nodes.Template,
            nodes.Output,
            nodes.TemplateData,
            nodes.Name,
            nodes.Const,
            nodes.Getattr,
            nodes.For,
            nodes.If,
        ),
        *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Filter, nodes.Test),
    )

    class PlainEnvironment(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return isinstance(obj, LoopContext) and attr in _LOOP

        def is_safe_callable(self, obj: Any) -> bool:
            return False

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, dict):  # before any attribute: a key may be called `items`
                return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
            if isinstance(obj, LoopContext) and attribute in _LOOP:
                return getattr(obj, attribute)
            return self.undefined(obj=obj, name=attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            return self.undefined(obj=obj, name=str(argument)[:40])

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            raise TemplateFault(f"Mẫu có phép tính “{operator}”; mẫu chỉ điền số đã có, không tính.")

        def _parse(self, source: str, name: str | None, filename: str | None) -> Any:
            tree = super()._parse(source, name, filename)
            for node in _all_nodes(tree):
                if not isinstance(node, allowed):
                    raise TemplateFault(
                        f"Mẫu có lệnh “{type(node).__name__}” không dùng được. Mẫu chỉ dùng chỗ điền "
                        "{{ … }}, {% for … %}, {% if … %} như trong danh mục."
                    )
                if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
                    raise TemplateFault(
                        f"Mẫu dùng bộ lọc “{node.name}” không có; dùng được: {', '.join(sorted(_FILTERS))}."
                    )
            unknown = sorted(_Names(nodes, shape).unknown_in(tree))
            if unknown:
                raise TemplateFault(*unknown)
            return tree

    found = PlainEnvironment(undefined=StrictUndefined, autoescape=True)
    found.globals.clear()
    found.filters = {name: found.filters[name] for name in _FILTERS}
    found.tests = {name: found.tests[name] for name in _TESTS}
    return found


def _all_nodes(tree: Any) -> Iterator[Any]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _all_nodes(child)


class _Names:
    """Follows names through loops and says which lead to nothing in `shape`.

    A shape is 1 for text, {} for a dictionary, [shape] for a list.
    """

    def __init__(self, nodes: Any, shape: Any):
        self.nodes, self.shape = nodes, shape
        self.unknown: set[str] = set()

    def unknown_in(self, tree: Any) -> set[str]:
        self.look(tree, {**self.shape, "loop": dict.fromkeys(_LOOP, 1)})
        return self.unknown

    def look(self, node: Any, known: dict[str, Any]) -> None:
        nodes = self.nodes
        if isinstance(node, nodes.For):
            over = self.shape_of(node.iter, known)
            if isinstance(over, list) and isinstance(node.target, nodes.Name):
                inside = {**known, node.target.name: over[0]}
            else:
                if over is not None or not isinstance(node.iter, nodes.Name | nodes.Getattr):
                    self.say(f"“{self.path_of(node.iter)}” không phải danh sách, không dùng được sau “for … in”.")
                inside = {**known, **{name.name: None for name in node.target.find_all(nodes.Name)}}
                if isinstance(node.target, nodes.Name):
                    inside[node.target.name] = None
            for child in (*node.body, *([node.test] if node.test else [])):
                self.look(child, inside)
            for child in node.else_:
                self.look(child, known)
        elif isinstance(node, nodes.Name | nodes.Getattr):
            shape = self.shape_of(node, known)
            if isinstance(shape, dict | list) and self.is_written:
                self.say(f"“{self.path_of(node)}” là một nhóm, không điền thẳng được; chọn một mục trong nhóm.")
        elif isinstance(node, nodes.Output):
            for child in node.nodes:
                self.is_written = not isinstance(child, nodes.Filter)
                self.look(child, known)
            self.is_written = False
        else:
            for child in node.iter_child_nodes():
                self.look(child, known)

    is_written = False

    def shape_of(self, node: Any, known: dict[str, Any]) -> Any:
        """None where it cannot be said, or was said to be unknown."""
        nodes = self.nodes
        if isinstance(node, nodes.Name):
            if node.name not in known:
                self.say(f"Chỗ điền “{node.name}” không có trong danh mục.")
            return known.get(node.name)
        if isinstance(node, nodes.Getattr):
            inner = self.shape_of(node.node, known)
            if inner is None and isinstance(node.node, nodes.Name | nodes.Getattr):
                return None  # that was said already
            if not isinstance(inner, dict) or node.attr not in inner:
                self.say(f"Chỗ điền “{self.path_of(node)}” không có trong danh mục.")
                return None
            return inner[node.attr]
        self.look(node, known)
        return None

    def path_of(self, node: Any) -> str:
        if isinstance(node, self.nodes.Getattr):
            return f"{self.path_of(node.node)}.{node.attr}"
        return getattr(node, "name", "…")

    def say(self, sentence: str) -> None:
        self.unknown.add(sentence)


# --- filling


def fill(asked: dict[str, Any]) -> None:
    """Writes the filled document. `asked`: template, out, context, pictures {name: file}, shape, limits."""
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage
    from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError

    template = DocxTemplate(asked["template"])
    pictures = {
        name: InlineImage(template, picture["file"], width=Mm(picture["width"]))
        for name, picture in asked["pictures"].items()
    }
    context = _with_pictures(asked["context"], pictures)
    try:
        template.render(context, _environment(asked["shape"]), autoescape=True)
    except TemplateSyntaxError as error:
        raise TemplateFault(
            f"Mẫu viết sai cú pháp: {_near(error)}. Kiểm tra ngoặc {{{{ }}}}, {{% %}}, endfor, endif."
        ) from None
    except UndefinedError as error:
        raise TemplateFault(f"Mẫu có chỗ điền không có trong danh mục ({str(error)[:120]}).") from None
    except TemplateError as error:
        raise TemplateFault(f"Mẫu có lệnh không dùng được ({str(error)[:120]}).") from None
    template.save(asked["out"])


def _near(error: Any) -> str:
    """The words of the document around a fault, where docxtpl knows them."""
    words = " ".join(" ".join(line for line in getattr(error, "docx_context", ()) if line.strip()).split())
    place = f"gần “{words[:120]}”" if words else "không rõ chỗ"
    return f"{place} ({str(error.message)[:100]})"


def _with_pictures(value: Any, pictures: dict[str, Any]) -> Any:
    """The context, with each {'picture': name} replaced by what draws it; '' for one that was not drawn."""
    if isinstance(value, dict):
        if set(value) == {"picture"}:
            return pictures.get(value["picture"], "")
        return {key: _with_pictures(inner, pictures) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_pictures(inner, pictures) for inner in value]
    return value


def _main() -> None:
    asked = json.load(sys.stdin)
    limits = asked["limits"]
    with contextlib.suppress(ImportError, ValueError, OSError):  # a system without limits has the timer alone
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
        resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits["written"], limits["written"]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        look_at_parts(asked["template"], limits)
        fill(asked)
    except TemplateFault as refused:
        json.dump({"refused": refused.sentences}, sys.stdout)
    except MemoryError:
        sys.exit(1)
    except RecursionError:
        json.dump({"refused": ["Mẫu lồng quá nhiều lớp. Bớt các lệnh if, for lồng nhau."]}, sys.stdout)
    except OSError as error:
        json.dump({"failed": error.errno}, sys.stdout)
    except Exception:  # noqa: BLE001 - whatever a damaged file raises in zipfile, lxml or python-docx
        json.dump({"refused": [NOT_A_WORD_FILE]}, sys.stdout)
    else:
        json.dump({"done": True}, sys.stdout)


if __name__ == "__main__":
    _main()
