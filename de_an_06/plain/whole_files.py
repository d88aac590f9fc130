"""Files people hand in are on the disk whole or not at all, also when it is full or the database takes no row."""

import errno
import os
import threading
from pathlib import Path

from django.core.files.storage import FileSystemStorage
from django.core.signals import request_finished
from django.db import transaction
from django.dispatch import receiver

_in_doubt = threading.local()  # `paths`: files whose transaction has not ended


class WholeFiles(FileSystemStorage):
    """Synced before they count as saved; Django's own leaves a piece behind, or in silence cuts the end off."""

    def _save(self, name, content):
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        paths = _in_doubt.__dict__.setdefault("paths", set())
        paths.add(path)
        transaction.on_commit(lambda: paths.discard(path))
        return name


@receiver(request_finished)
def remove_what_no_row_speaks_of(**kwargs) -> None:
    """After each request: files whose transaction was rolled back (in tests one may still be open).

    Where PostgreSQL was lost nobody knows whether it still committed; what may be spoken of stays.
    """
    paths, connection = _in_doubt.__dict__.get("paths", set()), transaction.get_connection()
    if connection.vendor == "postgresql" and connection.connection is None:
        paths.clear()
    while paths and not connection.in_atomic_block:
        paths.pop().unlink(missing_ok=True)


def is_for_want_of_room(error: BaseException | None) -> bool:
    """Did writing a file fail because the disk takes no more? Also where a library wraps the cause."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
    return error is not None and is_for_want_of_room(error.__cause__ or error.__context__)
