"""Clients generated from the API's description, in two languages, create, read and cancel an order.

The generators come from PyPI and npm, so these run by their marker alone: `pytest -n 0 -m clients`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from oms.core import outbox
from orders.models import Order
from tests import builders as make

PYTHON_GENERATOR = "openapi-python-client==0.29.1"
NODE_PACKAGES = [
    "openapi-fetch@0.17.0",
    "openapi-typescript@7.13.0",
    "typescript@5.9.3",
    "@types/node@22.19.1",
]
SOURCES = Path(__file__).parent / "generated"

pytestmark = [
    pytest.mark.clients,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("verified"),
]


@pytest.fixture
def description(tmp_path):
    call_command("spectacular", file=str(tmp_path / "api.yaml"))
    return tmp_path / "api.yaml"


@pytest.fixture
def ordered(rep, live_server):
    """Runs a client's program against the server; the order that it names is canceled."""
    make.sku("TEE-M", stock={"LON": 9})

    def run(*command, **environment):
        told = sh(
            *command,
            OMS_URL=live_server.url,
            OMS_TOKEN=rep._credentials["HTTP_AUTHORIZATION"].split()[1],
            **environment,
        )
        outbox.drain()
        return Order.objects.get(number=told.strip())

    return run


def sh(*command, cwd=None, **environment):
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_generated_python_client_creates_reads_and_cancels_an_order(
    description, ordered, tmp_path
):
    python = tmp_path / "venv" / "bin" / "python"
    sh(sys.executable, "-m", "venv", str(tmp_path / "venv"))
    sh(str(python), "-m", "pip", "install", "-q", PYTHON_GENERATOR)
    (tmp_path / "config.yaml").write_text("post_hooks: []\n")
    sh(
        str(python.with_name("openapi-python-client")),
        "generate",
        "--path",
        str(description),
        "--output-path",
        str(tmp_path / "client"),
        "--config",
        str(tmp_path / "config.yaml"),
    )

    order = ordered(str(python), str(SOURCES / "order.py"), PYTHONPATH=str(tmp_path / "client"))

    assert (order.status, order.lines.get().canceled) == ("canceled", 2)


def test_a_generated_typescript_client_creates_reads_and_cancels_an_order(
    description, ordered, tmp_path
):
    if shutil.which("npm") is None:
        pytest.fail(
            "The generators of the TypeScript client come by npm, which is missing: install npm."
        )
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    sh("npm", "install", "--silent", "--no-audit", "--no-fund", *NODE_PACKAGES, cwd=tmp_path)
    sh(
        "npx",
        "openapi-typescript",
        str(description),
        "-o",
        "schema.d.ts",
        "--default-non-nullable=false",
        cwd=tmp_path,
    )
    shutil.copy(SOURCES / "order.ts", tmp_path)
    sh(
        "npx",
        "tsc",
        "--strict",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--skipLibCheck",
        "order.ts",
        cwd=tmp_path,
    )

    order = ordered("node", str(tmp_path / "order.js"))

    assert (order.status, order.lines.get().canceled) == ("canceled", 2)
