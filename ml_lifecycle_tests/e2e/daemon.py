"""Dagster's real daemon on a shop, to be killed and started again. It is no test itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ml_lifecycle_tests.site_folder import SiteFolder

_LOOK_SECONDS = 0.2
_TAIL = 4_000
_TICK_SECONDS = "SHOP_TICK_SECONDS"
_TICKS = f'''"""A shop whose drift sensor, under a daemon of the tests, looks again at once."""

import os

from ml_lifecycle.orchestration import retrain_sensor

retrain_sensor.INTERVAL_SECONDS = int(os.environ.get("{_TICK_SECONDS}", retrain_sensor.INTERVAL_SECONDS))
'''


@dataclass
class Daemon:
    """The daemon of a shop with its code server, in a process group of their own.

    Args:
        shop: The shop, whose instance settings have been written by a command before.
        log: Where its output goes.
    """

    shop: SiteFolder
    log: Path
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Start it."""
        environment = {
            **self.shop.environment(),
            "DAGSTER_HOME": str(self.shop.home / "dagster"),
            _TICK_SECONDS: "1",
        }
        command = [sys.executable, "-m", "dagster._daemon", "run", "-m", "shop.definitions"]
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                command, cwd=self.shop.root, env=environment, stdout=out, stderr=out, start_new_session=True
            )

    def kill(self) -> None:
        """End it and all that it has started as a power cut would."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def wait_until(self, holds: Callable[[], object], seconds: float) -> None:
        """Wait until something is so.

        Raises:
            AssertionError: It never was; with the end of the daemon's log.
        """
        until = time.monotonic() + seconds
        while not holds():
            tail = self.log.read_text(errors="replace")[-_TAIL:]
            assert self._process is None or self._process.poll() is None, f"the daemon has ended: {tail}"
            assert time.monotonic() < until, f"not within {seconds} s: {tail}"
            time.sleep(_LOOK_SECONDS)


def let_ticks_follow(shop: SiteFolder) -> None:
    """Make the shop's drift sensor look again as soon as the daemon comes round."""
    (shop.root / "shop" / "__init__.py").write_text(_TICKS, encoding="utf-8")


@contextmanager
def daemon_of(shop: SiteFolder) -> Iterator[Daemon]:
    """A daemon that is started, and killed at the end."""
    daemon = Daemon(shop, shop.root / "daemon.log")
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.kill()
