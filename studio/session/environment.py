"""What does a session stand on? Folders, secrets, the engine's loop and a clock, put together by whoever starts the program."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from studio.persistence.retention import Retention
from studio.session.asking import Asker
from studio.session.secret_file import FILE_NAME, SecretFile
from studio.session.secrets import Secrets, SystemSecrets

if TYPE_CHECKING:
    from studio.kernel.loop import EngineLoop


def _home() -> Path:
    home = os.environ.get("STUDIO_HOME")
    if home:
        return Path(home).expanduser()
    from platformdirs import user_data_path

    return user_data_path("studio", appauthor=False)


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(kw_only=True)
class Environment:
    """The world around a session. Made without any I/O: folders come into being when something is put in them."""

    data_dir: Path
    secrets: Secrets = field(default_factory=SystemSecrets)
    clock: Callable[[], dt.datetime] = utc_now
    retention: Retention = field(default_factory=Retention)
    """How much of a project's runs is kept."""
    engine: EngineLoop | None = None
    """The engine's loop; None: the process's own, started when first needed."""

    def __post_init__(self) -> None:
        if isinstance(self.secrets, SystemSecrets) and self.secrets.file is None:
            self.secrets.file = SecretFile(self.data_dir / FILE_NAME)

    @classmethod
    def default(cls, asker: Asker | None = None) -> Self:
        """The one of this user: `STUDIO_HOME` when set, else the platform's folder for application data. `asker` asks for passwords."""
        return cls(data_dir=_home(), secrets=SystemSecrets(asker=asker))

    @property
    def loop(self) -> EngineLoop:
        if self.engine is None:
            from studio.kernel.loop import default_loop

            self.engine = default_loop()
        return self.engine

    @property
    def untitled_dir(self) -> Path:
        """Where projects that were never saved under a name are kept."""
        return self.data_dir / "untitled"

    @property
    def samples_dir(self) -> Path:
        return self.data_dir / "samples"
