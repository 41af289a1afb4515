"""Many clients send each order several times at once, while the server is killed again and again."""

import importlib.util
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import settings
from django.db import connection

ENTER_ORDER = Path(__file__).resolve().parents[2] / "docs" / "enter_order.py"


def example_client():
    """The client that the documentation shows."""
    spec = importlib.util.spec_from_file_location("enter_order", ENTER_ORDER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Server:
    """A real gunicorn on this test's database, which can be killed and started again."""

    def __init__(self, workers=2, log=subprocess.DEVNULL, environment=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.workers, self.log, self.environment = workers, log, environment
        self.start()

    def start(self):
        own = {
            "OMS_TEST_DATABASE": connection.settings_dict["NAME"],
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        environment = {**os.environ, **(self.environment or own)}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "oms.wsgi",
                "--bind",
                f"127.0.0.1:{self.port}",
                "--workers",
                str(self.workers),
                "--threads",
                "4",
                "--timeout",
                "60",
                "--limit-request-line",
                "8190",
            ],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.wait()

    def wait(self):
        ends = time.monotonic() + 60
        while True:
            try:
                return urllib.request.urlopen(f"{self.url}/api/v1/orders/", timeout=20).status
            except urllib.error.HTTPError as error:
                return error.code  # it wants a token, so it is there
            except OSError:
                assert time.monotonic() < ends, "the server does not start"
                time.sleep(0.1)

    def kill(self):
        """-9, and all its workers with it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.kill()


def send_all(server, token, orders, *, times=5, clients=8, kills=3):
    """Send each order `times` times from `clients` threads; kill the server `kills` times on the way.

    Returns the numbers that the answers named, by reference.
    """
    client = example_client()
    work = [(reference, order) for reference, order in orders.items() for _ in range(times)]
    nearby = [
        work[start : start + clients * times] for start in range(0, len(work), clients * times)
    ]
    for part in nearby:
        random.shuffle(part)  # the same order at once from several clients
    work = [each for part in nearby for each in part]
    answered, done = {reference: set() for reference in orders}, threading.Event()
    counted = iter(range(len(work) + 1))
    progress = [0]

    def send(pair):
        reference, order = pair
        made = client.enter_order(server.url, token, reference, order, tries=60)
        answered[reference].add(made["number"])
        progress[0] = next(counted)

    def disturb():
        for number in range(1, kills + 1):
            while progress[0] < len(work) * number / (kills + 1) and not done.is_set():
                time.sleep(0.02)
            server.kill()
            server.start()

    killer = threading.Thread(target=disturb)
    killer.start()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(send, work))
    done.set()
    killer.join()
    return answered
