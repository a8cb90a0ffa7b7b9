"""Machines that record by themselves and share over one server, which comes and goes."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry.postgres import SimplePostgresStore
from specify_cli.telemetry.sync import Copied, copy_new

from ..support import sync_machine
from ..support.events import make_event
from ..support.processes import start
from ..support.servers import Server

pytestmark = pytest.mark.servers


class Machine:
    """One machine: a log of its own, and cursors, which it may lose."""

    def __init__(self, folder: Path, number: int, conninfo: str, log: str) -> None:
        """Have nothing recorded."""
        self.number = number
        self.file = SimpleJsonStore(folder / f"machine-{number}.jsonl")
        self.server = SimplePostgresStore(conninfo, log, timeout=5)
        self.cursors: dict[str, str | None] = {}
        self.clock = 0

    def record(self, count: int) -> None:
        """Save events of its own, whether or not there is a network."""
        for _ in range(count):
            self.clock += 1
            event = make_event(lamport_clock=self.clock, node_id=f"machine-{self.number}")
            self.file.save_event(event)

    def push(self) -> None:
        """Share what is new."""
        self._copy("push", self.file, self.server)

    def pull(self) -> None:
        """Fetch what is new."""
        self._copy("pull", self.server, self.file)

    def _copy(self, name: str, source: object, target: object) -> None:
        def note(copied: Copied) -> None:
            self.cursors[name] = copied.cursor

        copy_new(source, target, self.cursors.get(name), progress=note)  # type: ignore[arg-type]  # of either kind


@pytest.mark.parametrize("seed", range(8))
def test_machines_converge_whatever_they_do(
    own_server: Server, tmp_path: Path, log: str, seed: int
) -> None:
    """Recording, pushing, pulling and losing cursors in any order, with a server that is killed."""
    chance = random.Random(seed)
    own_server.start()
    machines = [Machine(tmp_path, number, own_server.conninfo, log) for number in range(3)]
    is_up = True
    for _ in range(60):
        machine = chance.choice(machines)
        match chance.choice(["record", "record", "push", "pull", "lose", "server"]):
            case "record":
                machine.record(chance.randrange(1, 5))
            case "push":
                with contextlib.suppress(StorageError):
                    machine.push()
            case "pull":
                with contextlib.suppress(StorageError):
                    machine.pull()
            case "lose":
                machine.cursors.pop(chance.choice(["push", "pull"]), None)
            case "server" if chance.random() < 0.3:
                if is_up:
                    own_server.kill()
                else:
                    own_server.start()
                is_up = not is_up
    if not is_up:
        own_server.start()
    converge(machines)


def converge(machines: list[Machine]) -> None:
    """See that after one more round all have all, each line once and byte for byte."""
    recorded = {
        line for machine in machines for line in machine.file.file_path.read_bytes().splitlines()
    }
    for copy in (Machine.push, Machine.pull):
        for machine in machines:
            copy(machine)
    for machine in machines:
        lines = machine.file.file_path.read_bytes().splitlines()
        assert len(lines) == len(set(lines))
        assert set(lines) == recorded
    loads = [machine.file.load_all_events() for machine in machines]
    assert loads[0] == loads[1] == loads[2] == machines[0].server.load_all_events()


def test_processes_that_record_and_share_at_once(
    own_server: Server, tmp_path: Path, log: str
) -> None:
    """While the server is killed under them, and some of them are killed too."""
    own_server.start()
    machines = [Machine(tmp_path, number, own_server.conninfo, log) for number in range(3)]
    for kill in range(8):
        processes = [
            start(sync_machine, own_server.conninfo, log, machine.file.file_path, number, 40, kill)
            for number, machine in enumerate(machines)
        ]
        with contextlib.ExitStack() as stack:
            for process in processes:
                stack.enter_context(process)
                stack.callback(process.kill)
                assert process.stdout is not None
                process.stdout.readline()
            own_server.kill()
            own_server.start()
            processes[kill % 3].kill()
            for process in processes:
                process.communicate(timeout=60)
            assert [process.returncode for process in processes].count(0) >= 2
    converge(machines)
