"""A cache in Redis that does not need Redis: while it is gone, each process remembers for itself."""

import logging
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

logger = logging.getLogger(__name__)
ASK_AGAIN_AFTER = 10.0  # seconds in which Redis is not asked once it has failed: a page must not wait for each key


class TolerantRedisCache(RedisCache):
    """Counted logins and used codes go on being counted, though by each process alone, until Redis answers again.

    Only for what may be forgotten or lag: sessions are not kept here.
    """

    asked_again_at = 0.0  # time.monotonic(); one for all threads, which have a cache each

    def __init__(self, server, params):
        super().__init__(server, params)
        self.own = LocMemCache("while-redis-is-gone", {k: v for k, v in params.items() if k != "OPTIONS"})

    def _either(self, name: str, *args, **kwargs) -> Any:
        if time.monotonic() >= TolerantRedisCache.asked_again_at:
            try:
                return getattr(super(), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                TolerantRedisCache.asked_again_at = time.monotonic() + ASK_AGAIN_AFTER
                logger.warning("Redis does not serve the cache, each process remembers for itself: %s", error)
        return getattr(self.own, name)(*args, **kwargs)


def _tolerant(name: str):
    def method(self, *args, **kwargs):
        return self._either(name, *args, **kwargs)

    return method


METHODS = ("add", "get", "set", "touch", "delete", "has_key", "incr", "get_many", "set_many", "delete_many", "clear")
for _name in METHODS:
    setattr(TolerantRedisCache, _name, _tolerant(_name))
