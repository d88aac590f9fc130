"""The embedded queue: Celery's folder of messages, each there whole or not at all."""

import time
import uuid
from pathlib import Path

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue, payload, **kwargs):
        """A message gets its name once it is written: an empty one, left by a full disk, would end the worker."""
        path = Path(self.data_folder_out) / f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        piece = path.with_suffix(".part")
        try:
            piece.write_text(dumps(payload))
            piece.rename(path)
        except OSError as error:
            piece.unlink(missing_ok=True)
            raise ChannelError(f"the message for {queue} cannot be kept") from error


class Transport(filesystem.Transport):
    Channel = Channel
