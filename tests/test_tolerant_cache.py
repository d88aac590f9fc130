"""The cache while Redis is gone (de_an_06/plain/tolerant_cache.py): what is counted goes on being counted."""

import socket

import pytest
import redis

from de_an_06.plain import tolerant_cache
from de_an_06.plain.tolerant_cache import TolerantRedisCache


@pytest.fixture
def cache(monkeypatch):
    """A cache whose Redis is not there: a port on which nobody listens."""
    monkeypatch.setattr(TolerantRedisCache, "asked_again_at", 0.0)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cache = TolerantRedisCache(f"redis://127.0.0.1:{port}/0", {"OPTIONS": {"socket_timeout": 1}})
    cache.own.clear()
    yield cache
    cache.own.clear()


def test_failed_logins_are_counted_and_a_used_code_stays_used(cache):
    """A plain miss would never give the lock by which logins are counted, and would take one code twice."""
    assert cache.add("lock", True, timeout=5) is True
    assert cache.add("lock", True, timeout=5) is False
    assert cache.delete("lock") is True
    assert cache.get("history", []) == []
    cache.set("history", [1, 2], timeout=60)
    assert cache.get("history", []) == [1, 2]
    assert "history" in cache
    cache.set_many({"a": 1, "b": 2})
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
    assert cache.get_or_set("a", 9) == 1
    assert cache.incr("a", 2) == 3
    cache.delete_many(["a", "b"])
    assert cache.get("a") is None


def test_redis_is_asked_again_after_a_while_not_for_each_key(cache, monkeypatch):
    """A Redis that hangs costs one timeout, not one for each of a page's keys; once it answers it is used again."""
    asked = []

    def get(self, key, default):
        asked.append(key)
        if len(asked) == 1:
            raise redis.TimeoutError("hangs")
        return "from Redis"

    now = [100.0]
    monkeypatch.setattr(tolerant_cache.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(type(cache._cache), "get", get)
    assert cache.get("a") is None
    now[0] += 9.9
    assert cache.get("b") is None
    assert len(asked) == 1
    now[0] += 0.2
    assert cache.get("c") == "from Redis"


def test_a_programmers_mistake_is_no_missing_redis(cache):
    with pytest.raises(TypeError):
        cache.set("a")
