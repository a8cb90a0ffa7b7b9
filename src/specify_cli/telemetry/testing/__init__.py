"""The contract of an event store as a pytest suite, for whoever implements one.

This package needs pytest; nothing else in the library does. A subclass that pytest collects, with a
fixture ``store`` that returns a new and empty store, is a test suite::

    class TestMyStore(EventStoreContract):
        @pytest.fixture
        def store(self) -> MyStore:
            return MyStore()

What the contract leaves open has classes of its own, to inherit from in any combination:

- ``DurableEventStoreContract``: every store over the same data has the same events.
- ``ThreadSafeEventStoreContract``: threads may share a store.
- ``ProcessSafeEventStoreContract``: processes may use the same data at once.

Those that need several stores over the same data take a fixture ``open_store``, which returns what
opens one. The data of each test are empty at first::

    class TestMyFileStore(DurableEventStoreContract, ThreadSafeEventStoreContract):
        @pytest.fixture
        def open_store(self, tmp_path: Path) -> Callable[[], MyFileStore]:
            return functools.partial(MyFileStore, tmp_path / "events")

        @pytest.fixture
        def store(self, open_store: Callable[[], MyFileStore]) -> MyFileStore:
            return open_store()

Where the events of a contract have more fields than these tests know of, a subclass adds them::

    class TestWiderStore(EventStoreContract):
        event_model = other_contract.Event

        def make_event(self, **fields: Any) -> Any:
            return super().make_event(build_id="main", **fields)

A failure says what a load returned that it should not have, and the other way round. It does so
without the help of ``pytest.register_assert_rewrite``.

Races are not left to chance. A call runs under ``sys.settrace``, and others are made while it
stands still: before every line of Python, every return, every call and every assignment to
something shared, one after another. What a store does in C, or in threads of its own, is one step.
Under a debugger, which needs the trace function too, these tests find less.

No test of several stores, threads or processes waits for ever: after ``deadline`` seconds, an
attribute of every class, it fails and says what was not done. A store that never returns to its
only caller hangs its test; ``pytest-timeout`` ends that.
"""

from __future__ import annotations

try:
    import pytest  # noqa: F401  # before the modules that use it, to say what they need
except ImportError as error:
    raise ImportError(f"{__name__} needs pytest, for tests: pip install pytest") from error

from .basic import EventStoreContract
from .durable import DurableEventStoreContract
from .processes import ProcessSafeEventStoreContract
from .threads import ThreadSafeEventStoreContract

__all__ = [
    "DurableEventStoreContract",
    "EventStoreContract",
    "ProcessSafeEventStoreContract",
    "ThreadSafeEventStoreContract",
]
