from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from services.runtime.env_file import EnvFileError
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.settings import Settings
from tests.support.command_line import Desk


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", [".env", ".env.local", ".env.prod", "pullcord.env", "env"])
def test_a_file_that_merely_lies_in_the_working_directory_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("PULLCORD_PORT=9999\nPULLCORD_KAFKA_BROKERS=elsewhere.example:9092\n")
    assert Settings().port == 8080
    assert KafkaSettings().brokers == "127.0.0.1:9092"


def test_the_named_file_is_read_and_the_environment_wins_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "live.env").write_text("PULLCORD_PORT=9999\nPULLCORD_HOST=::1\nPULLCORD_KAFKA_BROKERS=broker:1\n")
    monkeypatch.setenv("PULLCORD_ENV_FILE", str(tmp_path / "live.env"))
    monkeypatch.setenv("PULLCORD_HOST", "127.0.0.2")
    assert (Settings().port, Settings().host, KafkaSettings().brokers) == (9999, "127.0.0.2", "broker:1")


@pytest.mark.parametrize("seed", range(8))
def test_any_setting_in_an_unnamed_file_changes_nothing(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    before = Settings(_env_file=None)
    names = random.sample(sorted(Settings.model_fields), 6)
    lines = [f"PULLCORD_{name.upper()}={random.randint(1, 30)}" for name in names]
    (tmp_path / ".env").write_text("\n".join(lines))
    assert Settings() == before


def test_a_named_file_that_is_not_there_is_an_error_and_not_another_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLCORD_ENV_FILE", str(tmp_path / "missing.env"))
    with pytest.raises(EnvFileError, match="is not there"):
        Settings()


def test_a_named_file_that_is_no_text_is_said_without_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.env").write_bytes(b"PULLCORD_KEYS=\xff\xfesecret")
    monkeypatch.setenv("PULLCORD_ENV_FILE", str(tmp_path / "bad.env"))
    with pytest.raises(EnvFileError, match="no text in UTF-8") as raised:
        Settings()
    assert "secret" not in str(raised.value)


def test_a_command_says_which_named_file_is_missing(empty_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLCORD_ENV_FILE", "gone.env")
    printed = empty_desk.run("init")
    assert printed.code == 2
    assert "PULLCORD_ENV_FILE names a file that is not there: gone.env" in printed.complaint
