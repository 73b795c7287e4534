"""A TCP proxy in front of a unix socket whose connections can be frozen: half open for both ends."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

CHUNK = 65_536


class Proxy:
    """Listens on loopback. What is frozen stays open for ever and passes no byte; new connections work.

    That is what a lost entry in a router's table looks like: the peer neither answers nor hangs up.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._links: set[_Link] = set()
        self._lock = Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._accept, name="proxy", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def freeze(self) -> None:
        """Let no byte pass any more in the connections that are open now."""
        with self._lock:
            for link in self._links:
                link.flowing.clear()

    def cut(self) -> None:
        """Close every connection, as keepalive does in the end with a peer that is gone."""
        with self._lock:
            for link in self._links:
                link.hang_up()
                link.flowing.set()

    def close(self) -> None:
        """Stop listening and close everything."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._thread.join()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:  # closed
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(self._target))
            except OSError:  # the server is down: so is this connection
                near.close()
                far.close()
                continue
            link = _Link(near, far)
            with self._lock:
                self._links.add(link)
            Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: _Link) -> None:
        back = Thread(target=link.forward, args=(link.far, link.near), daemon=True)
        back.start()
        link.forward(link.near, link.far)
        back.join()
        with self._lock:
            self._links.discard(link)
            link.near.close()
            link.far.close()


class _Link:
    """One connection, from a program to the proxy and on to the server."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near = near
        self.far = far
        self.flowing = Event()
        self.flowing.set()

    def forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self.flowing.wait()
                sink.sendall(data)
        self.hang_up()

    def hang_up(self) -> None:
        for end in (self.near, self.far):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
