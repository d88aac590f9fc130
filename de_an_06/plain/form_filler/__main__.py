"""The program: reads one JSON object from its standard input and answers with one."""

import contextlib
import importlib.util
import json
import sys
from pathlib import Path


def _loaded() -> None:
    """The folder as a package of its own, so that nothing above it (Django, Celery) is loaded."""
    folder = Path(__file__).parent
    spec = importlib.util.spec_from_file_location(
        "form_filler", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["form_filler"] = module
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
    _loaded()
    from form_filler import filling, parts  # type: ignore[import-not-found]

    try:
        answer = {"done": filling.answer(asked)}
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
