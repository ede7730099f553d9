from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource

from services.core.errors import PullcordError

ENV_FILE: Final = "PULLCORD_ENV_FILE"


class EnvFileError(PullcordError):
    """The file in PULLCORD_ENV_FILE cannot be read as settings."""


# The environment overrides the file.
class EnvironmentSettings(BaseSettings):
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # Only a named file: whoever may write into the working directory must not choose the settings.
        named = os.environ.get(ENV_FILE)
        from_file = _source(settings_cls, Path(named)) if named else dotenv_settings
        return init_settings, env_settings, from_file, file_secret_settings


def _source(settings_cls: type[BaseSettings], path: Path) -> PydanticBaseSettingsSource:
    # pydantic-settings ignores a missing file, and a service would start with other settings than its operator gave.
    if not path.is_file():
        raise EnvFileError(f"{ENV_FILE} names a file that is not there: {path}")
    try:
        return DotEnvSettingsSource(settings_cls, env_file=path)
    except UnicodeDecodeError:
        raise EnvFileError(f"{ENV_FILE} names a file that is no text in UTF-8: {path}") from None
