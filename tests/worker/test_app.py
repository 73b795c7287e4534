from __future__ import annotations

import subprocess
import sys

import pytest

from service.settings import InvalidSetting, Settings
from worker.app import create_app


def settings(broker_url: str | None) -> Settings:
    return Settings.from_environment({"BACKSWEEP_BROKER_URL": broker_url or ""})


def test_a_doorbell_survives_the_worker_that_answers_it() -> None:
    conf = create_app(settings("redis://broker")).conf
    assert conf.task_acks_late is True
    assert conf.task_reject_on_worker_lost is True
    assert conf.worker_prefetch_multiplier == 1
    assert conf.worker_cancel_long_running_tasks_on_connection_loss is False
    assert conf.broker_transport_options["visibility_timeout"] == 6 * 3600


def test_a_worker_trains_in_one_spawned_process() -> None:
    conf = create_app(settings("redis://broker")).conf
    assert (conf.worker_pool, conf.worker_concurrency) == ("prefork", 1)
    assert conf.worker_pool_start_method == "spawn"
    assert conf.worker_proc_alive_timeout == 30


def test_a_worker_does_not_hang_on_a_half_open_connection() -> None:
    options = create_app(settings("redis://broker")).conf.broker_transport_options
    assert (options["socket_timeout"], options["health_check_interval"]) == (5, 10)


def test_a_message_can_carry_no_code() -> None:
    conf = create_app(settings("redis://broker")).conf
    assert (conf.accept_content, conf.task_serializer) == (["json"], "json")


def test_the_file_system_has_no_remote_control(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("broker")
    assert create_app(settings(f"filesystem://{folder}")).conf.worker_enable_remote_control is False
    assert create_app(settings("redis://broker")).conf.worker_enable_remote_control is True


def test_without_a_broker_there_is_no_application() -> None:
    with pytest.raises(InvalidSetting, match="BACKSWEEP_BROKER_URL"):
        create_app(settings(None))


def test_celerys_own_commands_find_the_application() -> None:
    program = (
        "import os, worker.app; os.environ['BACKSWEEP_BROKER_URL'] = 'redis://late'; "
        "print(worker.app.app.conf.broker_url)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "redis://late\n"


@pytest.mark.parametrize("module", ["worker.app", "worker.tasks", "worker.__main__"])
def test_importing_a_worker_loads_neither_web_framework_nor_numpy(module: str) -> None:
    program = (
        f"import sys, {module}; print({{'fastapi', 'starlette', 'uvicorn', 'numpy'}} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"
