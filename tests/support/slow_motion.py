"""Durations that a test moves by hand: whoever sleeps is woken when the time has come, and not before."""

import asyncio


class SlowMotion:
    """A `Pace` whose time stands still. `chance` is always `luck`."""

    def __init__(self, luck=1.0):
        self.at, self.luck, self.sleeps = 1000.0, luck, []
        self._sleepers = []

    def now(self):
        return self.at

    def chance(self):
        return self.luck

    async def sleep(self, seconds):
        self.sleeps.append(seconds)
        until = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.at + seconds, until))
        await until

    @property
    def waits(self):
        """For how many seconds each sleeper still sleeps, the next to wake first."""
        return sorted(round(at - self.at, 3) for at, until in self._sleepers if not until.done())

    async def pass_by(self, seconds):
        """Move on, waking sleepers in their order; what they set off gets its turns in between."""
        end = self.at + seconds
        while True:
            due = sorted(
                ((at, n) for n, (at, until) in enumerate(self._sleepers) if at <= end and not until.done()),
            )
            if not due:
                break
            at, number = due[0]
            self.at = max(self.at, at)
            self._sleepers[number][1].set_result(None)
            await settle()
        self.at = end
        self._sleepers = [(at, until) for at, until in self._sleepers if not until.done()]
        await settle()


async def settle(turns=30):
    """Let everything that can go on go on, loopback included."""
    for _ in range(turns):
        await asyncio.sleep(0.0005)


async def eventually(true, turns=2000):
    """Wait for real network on loopback: until `true()`; fails after about two seconds."""
    for _ in range(turns):
        if true():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came true")
