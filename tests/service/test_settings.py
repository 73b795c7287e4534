from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest
from sqlalchemy import make_url

from service.machine import share_of_memory, usable_cores, usable_memory
from service.settings import InvalidSetting, Settings
from service.variables import VARIABLES, documentation

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "settings.md"
SECRET = "s3cret" * 4


def read(**variables: str) -> Settings:
    return Settings.from_environment(
        {f"BACKSWEEP_{name.upper()}": value for name, value in variables.items()}
    )


def test_unset_means_one_machine_and_loopback_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = read()
    assert settings.home == tmp_path / ".backsweep"
    assert settings.database_url == f"sqlite:///{tmp_path}/.backsweep/backsweep.db"
    assert (settings.broker_url, settings.token, settings.allowed_hosts) == (None, None, ())
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8765, usable_cores())
    assert (settings.lease_seconds, settings.record_seconds, settings.checkpoint_seconds) == (30, 1, 10)
    assert (settings.max_runs_per_sweep, settings.max_body_bytes) == (100_000, 2**20)
    assert settings.pin_numerics is False
    assert settings.compiled is True


@pytest.mark.parametrize(
    "name", ["a home", "what? a=b #1", "100%25 and 50%", "Übung 家", "user:pw@host", 'it\'s "quoted"']
)
def test_the_store_is_in_the_home_folder_whatever_that_is_called(tmp_path: Path, name: str) -> None:
    settings = read(home=str(tmp_path / name))
    assert make_url(settings.database_url).database == str(tmp_path / name / "backsweep.db")
    assert Settings.from_environment(settings.environment()).database_url == settings.database_url


def test_every_field_has_one_variable_named_after_it() -> None:
    assert [variable.field for variable in VARIABLES] == [
        field.name for field in dataclasses.fields(Settings)
    ]


def test_every_variable_is_documented_with_default_text_and_what_is_allowed() -> None:
    assert len(documentation()) == len(VARIABLES)
    for variable, default, text in documentation():
        assert variable.startswith("BACKSWEEP_")
        assert default
        assert "Allowed: " in text


def test_another_process_reads_equal_settings_from_the_environment() -> None:
    settings = read(
        home="/srv/back sweep", token=SECRET, host="10.0.0.5", public_url="https://lab.org",
        allowed_hosts="lab.example.org, 10.0.0.5:8765",
        workers="3", pin_numerics="yes", lease_seconds="2.5", record_seconds="0.1",
        broker_url="redis://:pw@cache:6379/0", database_url="postgresql://u:p@db/x",
    )  # fmt: skip
    assert settings.allowed_hosts == ("lab.example.org", "10.0.0.5:8765")
    assert Settings.from_environment(settings.environment()) == settings


def test_an_empty_variable_counts_as_unset() -> None:
    assert read(port="", token=" ").port == 8765


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_common_way_to_write_a_postgresql_address_is_accepted(scheme: str) -> None:
    assert read(database_url=f"{scheme}://u:p@db:5432/x").database_url == "postgresql+psycopg://u:p@db:5432/x"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("home", "relative/folder"),
        ("port", "0"),
        ("port", "65536"),
        ("port", "8765.0"),
        ("port", "http"),
        ("host", "two words"),
        ("workers", "-1"),
        ("workers", "many"),
        ("max_runs_per_sweep", "1e5"),
        ("max_body_bytes", str(2**53)),
        ("lease_seconds", "nan"),
        ("lease_seconds", "inf"),
        ("lease_seconds", "0"),
        ("checkpoint_seconds", "ten"),
        ("worker_memory", "lots"),
        ("worker_memory", "-1G"),
        ("worker_memory", "255M"),
        ("worker_memory", "1.5G"),
        ("pin_numerics", "maybe"),
        ("allowed_hosts", "https://lab.example.org"),
    ],
)
def test_a_bad_value_is_refused_with_variable_value_and_what_is_allowed(variable: str, value: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        read(**{variable: value})
    message = str(refusal.value)
    assert f"BACKSWEEP_{variable.upper()} is {value!r}; allowed is " in message
    assert refusal.value.allowed in message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("database_url", f"mysql://u:{SECRET}@db/x"),
        ("database_url", "sqlite:///relative.db"),
        ("database_url", "postgresql"),
        ("broker_url", f"amqp://u:{SECRET}@host"),
        ("broker_url", "redis://"),
        ("broker_url", "filesystem://"),
        ("token", "short"),
        ("token", SECRET + " and a space"),
    ],
)
def test_a_refused_secret_is_not_repeated(variable: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=f"BACKSWEEP_{variable.upper()} is '\\(not shown\\)'") as refusal:
        read(**{variable: value})
    assert SECRET not in str(refusal.value)


def test_settings_can_be_logged_without_their_secrets() -> None:
    settings = read(
        token=SECRET, broker_url=f"redis://:{SECRET}@b", database_url=f"postgresql://u:{SECRET}@d/x"
    )
    assert SECRET not in repr(settings)


def test_other_machines_are_answered_only_for_named_hosts() -> None:
    with pytest.raises(InvalidSetting, match="BACKSWEEP_PUBLIC_URL"):
        read(host="192.168.1.5", allowed_hosts="lab.example.org")
    assert read(host="192.168.1.5", public_url="https://lab.example.org").is_https
    assert not read(host="192.168.1.5", public_url="http://192.168.1.5:8765").is_https


@pytest.mark.parametrize(
    "address", ["lab.example.org", "ftp://lab", "https://", "https://lab/path", "https://a@b", "https://a b"]
)
def test_a_public_address_has_a_scheme_and_a_host_and_nothing_else(address: str) -> None:
    with pytest.raises(InvalidSetting, match="BACKSWEEP_PUBLIC_URL"):
        read(public_url=address)


def test_a_public_address_is_what_a_browser_would_send_as_origin() -> None:
    assert read(public_url="HTTPS://Lab.example.org:443/").public_url == "https://lab.example.org"


def test_a_lease_must_outlast_two_missed_records() -> None:
    with pytest.raises(InvalidSetting, match=r"at most a third of BACKSWEEP_LEASE_SECONDS \(2\)"):
        read(lease_seconds="2", record_seconds="1")


def test_a_watchdog_that_would_not_see_three_signs_of_life_is_refused() -> None:
    with pytest.raises(InvalidSetting, match=r"BACKSWEEP_WATCHDOG_SECONDS is '29'; allowed is at least 30"):
        read(watchdog_seconds="29")
    assert read(lease_seconds="6", record_seconds="1", watchdog_seconds="6").watchdog_seconds == 6


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1073741824", 2**30),
        ("1G", 2**30),
        ("1 GiB", 2**30),
        ("512mb", 2**29),
        ("2t", 2**41),
        ("300000K", 307_200_000),
    ],
)
def test_memory_is_bytes_or_has_a_unit(text: str, size: int) -> None:
    assert read(worker_memory=text).worker_memory == size


def test_the_workers_share_four_fifths_of_the_memory_that_there_is() -> None:
    page, pages = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    assert 0 < usable_memory() <= page * pages
    assert read(workers="2").worker_memory == max(256 * 2**20, usable_memory() * 4 // 5 // 2)
    assert read(workers="0").worker_memory == read(workers="1").worker_memory
    assert share_of_memory(1_000_000) == 256 * 2**20


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux can bind a process to cores")
def test_workers_default_to_the_cores_that_the_process_may_use() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert read().workers == 1
    finally:
        os.sched_setaffinity(0, before)


def test_the_page_of_settings_names_every_variable_with_its_default_and_no_other() -> None:
    page = DOCUMENTATION.read_text(encoding="utf-8")
    assert set(re.findall(r"BACKSWEEP_[A-Z_]+", page)) == {variable for variable, _, _ in documentation()}
    for variable, default, text in documentation():
        assert f"| `{variable}` | {default} | {text} |" in page
