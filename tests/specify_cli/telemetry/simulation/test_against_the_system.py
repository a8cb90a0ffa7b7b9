"""The simulated operating system does what the real one does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("greenlet")

from .comparison import (
    Player,
    SimulatedMachine,
    contents,
    real_call,
    simulated_contents,
)
from .kernel import Kernel
from .made_up_calls import Step, program
from .real_processes import RealMachine
from .windows import WindowsKernel

_LENGTH = 60


@pytest.mark.skipif(sys.platform != "linux", reason="its errors are those of Linux")
@pytest.mark.uncounted
@pytest.mark.parametrize("part", range(4))
def test_calls_of_chance_end_alike_on_linux(part: int, tmp_path: Path) -> None:
    """Three processes, two of them forked and one killed, see the same in both worlds."""
    for seed in range(part, 60, 4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        real, simulated = RealMachine(str(folder)), SimulatedMachine(Kernel)
        try:
            steps = program(seed, _LENGTH, windows=False, processes=3)
            for number, step in enumerate(steps):
                if number in {8, 16}:
                    real.fork()
                    simulated.fork()
                if number == 45:
                    real.kill(1)
                    simulated.kill(1)
                alive = step.process != 1 or number < 45
                its = step._replace(process=step.process if number > 16 and alive else 0)
                assert simulated.play(its) == real.play(its), (seed, number, its)
            assert simulated_contents(simulated.kernel) == contents(folder), seed
        finally:
            real.close()


@pytest.mark.skipif(sys.platform != "win32", reason="its errors are those of Windows")
def test_calls_of_chance_end_alike_on_windows(tmp_path: Path) -> None:
    """What is open cannot be removed or replaced, and locks keep others out, in both worlds."""
    for seed in range(60):
        folder = tmp_path / str(seed)
        folder.mkdir()
        real = Player(real_call, str(folder))
        simulated = SimulatedMachine(WindowsKernel)
        try:
            for number, step in enumerate(program(seed, _LENGTH, windows=True, processes=1)):
                ours = simulated.play(step)
                assert ours == real.play(step.call, step.arguments), (seed, number, step)
            assert simulated_contents(simulated.kernel) == contents(folder), seed
        finally:
            while real.files:
                real.play("close", (0,))


def test_a_number_comes_back_when_nothing_names_the_file() -> None:
    """As it often does on a disk: a new file may have the number of one that is gone."""
    simulated = SimulatedMachine(Kernel)
    made, gone = Step(0, "open", ("b", os.O_WRONLY | os.O_CREAT)), Step(0, "unlink", ("b",))
    simulated.play(made)
    number = simulated.kernel.disk.find("/t/b").number
    simulated.play(gone)
    simulated.play(Step(0, "close", (0,)))
    simulated.play(made)
    assert simulated.kernel.disk.find("/t/b").number == number
