"""A broker that is away when a ring ends costs the worker nothing: it takes the next one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from celery import Celery
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.message import Message
from kombu.messaging import Consumer

from service.dispatch import QUEUE, Doorbell, transport
from service.supervisor.broker import Broker
from tests.servers.missing import unavailable
from tests.servers.valkey import NoValkey, running_valkey
from worker.lost import RingRequest, RingTask


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A server of the test's own, which it may stop."""
    try:
        with running_valkey() as server:
            yield server
    except NoValkey as reason:
        unavailable("a Valkey or Redis server", str(reason))


@pytest.mark.parametrize("answer", ["acknowledge", "reject"])
def test_a_ring_whose_end_the_broker_does_not_hear_is_no_longer_in_hand(answer: str, broker: Broker) -> None:
    bell = Doorbell(broker.url)
    assert bell.ring(2)
    bell.close()
    options = transport(broker.url).options | {"socket_timeout": 0.2}
    taken: list[Message] = []
    with Connection(broker.url, transport_options=options) as connection:
        channel = connection.channel()
        consumer = Consumer(channel, [Queue(QUEUE)], on_message=taken.append, prefetch_count=1)
        with consumer:
            connection.drain_events(timeout=5)
            assert not channel.qos.can_consume()
            (message,) = taken
            request = RingRequest(
                message,
                app=Celery(set_as_current=False),
                task=RingTask(),
                on_ack=message.ack_log_error,
                on_reject=message.reject_log_error,
                connection_errors=connection.connection_errors,
            )
            assert broker.child is not None
            assert broker.child.pid is not None
            os.kill(broker.child.pid, signal.SIGSTOP)
            try:
                getattr(request, answer)()
            finally:
                os.kill(broker.child.pid, signal.SIGCONT)
            assert not message.acknowledged
            connection.drain_events(timeout=5)
    assert len(taken) == 2
