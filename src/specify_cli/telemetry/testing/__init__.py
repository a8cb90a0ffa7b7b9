"""The contract of an event store as tests, for whoever implements one."""

from .contract import (
    DurableEventStoreContract,
    EventStoreContract,
    ProcessSafeEventStoreContract,
    ThreadSafeEventStoreContract,
)

__all__ = [
    "DurableEventStoreContract",
    "EventStoreContract",
    "ProcessSafeEventStoreContract",
    "ThreadSafeEventStoreContract",
]
