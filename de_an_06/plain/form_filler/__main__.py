"""The program: reads one JSON object from its standard input and answers with one."""

import contextlib
import importlib.util
import json
import sys
from pathlib import Path


def _load(name: str, file: Path, folder: Path | None = None) -> None:
    """A module, or the package of a folder, by itself: nothing above it (Django, Celery) is loaded."""
    inside = None if folder is None else [str(folder)]
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=inside)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def _main() -> None:
    asked = json.load(sys.stdin)
    limits = asked["limits"]
    with contextlib.suppress(ImportError, ValueError, OSError):  # a system without limits has the timer alone
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
        resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits["written"], limits["written"]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = Path(__file__).parent
    _load("workbooks", folder.parent / "workbooks.py")
    _load("form_filler", folder / "__init__.py", folder)
    import workbooks  # type: ignore[import-not-found]
    from form_filler import filling, parts  # type: ignore[import-not-found]

    try:
        if "counted" in asked:
            with Path(asked["form"]).open("rb") as file, workbooks.open_archive(file) as archive:
                workbooks.PartCounter(workbooks.Limits(**asked["counted"])).look(archive)
        answer = {"done": filling.answer(asked)}
    except workbooks.WorkbookRefused as refused:
        answer = {"refused": [str(refused)]}
    except parts.FormFault as refused:
        answer = {"refused": refused.sentences}
    except MemoryError:
        sys.exit(1)
    except OSError as error:
        answer = {"failed": error.errno}
    except Exception:  # noqa: BLE001 - whatever a damaged file raises in zipfile, lxml or openpyxl
        answer = {"refused": [parts.NOT_AN_EXCEL_FORM]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main()
