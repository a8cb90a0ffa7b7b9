"""What a store does whose data several processes use at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import chain
from typing import Any

import pytest

from .._contract import EventStore
from .calls import Others, within_deadline
from .durable import DurableEventStoreContract
from .steps import Steps
from .suite import expect, expect_at_least, expect_loads, save
from .threads import ThreadSafeEventStoreContract
from .worker import Task, Worker, ids_of_all, save_and_die, save_one

_PROCESSES = 4


class ProcessSafeEventStoreContract(DurableEventStoreContract):
    """What a store does whose data several processes use at once.

    Fixtures:
        store: A new and empty store.
        open_store: What opens a store over the same data whenever it is called, here and in other
            processes: something that can be pickled, like a ``functools.partial`` of a class. So
            can the events be.
    """

    @within_deadline
    def test_processes_lose_and_repeat_nothing(self, open_store: Callable[[], EventStore]) -> None:
        """What processes save at once, some of it the same, is there once after they have died.

        Each dies as soon as its last save has returned, without any clean-up.
        """
        same, *shares = self._shares(_PROCESSES + 1)
        with ExitStack() as stack:
            workers = [stack.enter_context(self._worker(open_store)) for _ in shares]
            for worker in workers:
                worker.wait_until_ready()
            for worker, share in zip(workers, shares, strict=True):
                worker.start(Task(partial(save_and_die, [*share, *same])))
            codes = [worker.exit_code() for worker in workers]
        if any(code != 0 for code in codes):
            pytest.fail(f"processes that save ended with {codes}")
        expected = self.in_order(chain(same, *shares))
        expect(open_store().load_all_events(), expected, "load_all_events()")

    @pytest.mark.parametrize("anew", [False, True], ids=["open before", "opened for it"])
    @within_deadline
    def test_a_save_may_be_interrupted_by_processes(
        self, open_store: Callable[[], EventStore], *, anew: bool
    ) -> None:
        """Between any two steps of a save others may save, the same and another event, and load."""
        saved: list[Any] = []
        more = True
        with self._worker(open_store) as worker, self._worker(open_store) as saver:
            while more:
                own, other = self._next_two(len(saved))
                others = Others(
                    partial(saver.run, Task(partial(save, events=[other, own]))),
                    partial(self._expect_in_load, open_store, saved.copy()),
                )
                task = Task(partial(save_one, event=own), anew=anew, interrupted=True)
                more = worker.run(task, others).more
                others.end(self._patience())
                saved += [own, other]
        expect_loads(open_store(), saved, self.aggregate_ids[0])

    @within_deadline
    def test_a_load_may_be_interrupted_by_processes(
        self, open_store: Callable[[], EventStore]
    ) -> None:
        """Between any two steps of a load others may save; what was saved before is in it."""
        saved: list[Any] = []
        with self._worker(open_store) as worker:
            more = True
            while more:
                other = self.make_event(lamport_clock=len(saved))
                others = Others(partial(self._save_in_another, open_store, [other]))
                answer = worker.run(Task(ids_of_all, interrupted=True), others)
                others.end(self._patience())
                missing = {event.event_id for event in saved} - set(answer.value)
                if missing:
                    pytest.fail(f"a load while others save lacks {sorted(missing)}")
                saved.append(other)
                more = answer.more
        expect_loads(open_store(), saved, self.aggregate_ids[0])

    @within_deadline
    def test_threads_may_each_open_a_store(self, open_store: Callable[[], EventStore]) -> None:
        """Where threads are safe too, those of one process need not share a store."""
        if not isinstance(self, ThreadSafeEventStoreContract):
            pytest.skip("this store is not promised to be for threads")
        saved: list[Any] = []
        steps = Steps(in_lines=False)
        while steps.more:
            own, other = self._next_two(len(saved))
            others = Others(partial(self._save_in_another, open_store, [other, own]))
            steps.interrupt(partial(save_one, open_store(), own), others)
            others.end(self._patience())
            saved += [own, other]
        expect_loads(open_store(), saved, self.aggregate_ids[0])

    def _worker(self, open_store: Callable[[], EventStore]) -> Worker:
        return Worker(open_store, self._patience())

    def _save_in_another(self, open_store: Callable[[], EventStore], events: list[Any]) -> None:
        save(open_store(), events)

    def _expect_in_load(self, open_store: Callable[[], EventStore], saved: list[Any]) -> None:
        expect_at_least(open_store().load_all_events(), saved, "a load while others save")
