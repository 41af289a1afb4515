"""Call a server on the demo's data in every way that the API's description allows, and in ways that it forbids.

Run after `manage.py demo --no-serve`: python -m tests.api.fuzz [CASES PER ENDPOINT] [SEED]. It runs schemathesis with
all its checks, stateful links included, against gunicorn, and ends with how many endpoints reached a 2xx. What it
creates stays in the demo's data; what the server logs is in `fuzz.log` beside them.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SETTINGS = Path(__file__).with_name("schemathesis.toml")
HOOKS = Path(__file__).with_name("fuzz_hooks.py")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    import django

    django.setup()
    from django.conf import settings

    from tests.api import real_data
    from tests.races.resend import Server

    cases, seed = (sys.argv[1:] + ["15", "1"][len(sys.argv[1:]) :])[:2]
    token = _token()
    log = os.open(Path(settings.DATA_FOLDER, "fuzz.log"), os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    server = Server(
        log=log, environment={"DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]}
    )
    with tempfile.TemporaryDirectory() as folder:
        config, api, report = (
            Path(folder, name) for name in ("schemathesis.toml", "api.json", "calls.ndjson")
        )
        try:
            endpoints = [*real_data.endpoints(), real_data.answered(server.url, token)]
            description = _description(f"{server.url}/api/v1/schema/", endpoints)
            lines = [
                f"hooks = {json.dumps(str(HOOKS))}\n",
                SETTINGS.read_text(),
                *map(_addressed, endpoints),
            ]
            config.write_text("".join(lines))
            api.write_text(json.dumps(description))
            done = subprocess.run(
                [
                    str(Path(sys.executable).with_name("schemathesis")),
                    "--config-file",
                    str(config),
                    "run",
                    str(api),
                    "--url",
                    server.url,
                    "-H",
                    f"Authorization: Bearer {token}",
                    "--checks",
                    "all",
                    "--max-examples",
                    cases,
                    "--seed",
                    seed,
                    "--continue-on-failure",
                    "-w",
                    "2",
                    "--request-timeout",
                    "60",
                    "--max-response-time",
                    "30",
                    "--report-ndjson-path",
                    str(report),
                    "--no-color",
                ],
                cwd=folder,
                check=False,
            )
        finally:
            server.stop()
        reached = _reached(report)
    all_of_them = {
        f"{method.upper()} {path}"
        for path, methods in description["paths"].items()
        for method in methods
    }
    missed = sorted(all_of_them - reached)
    share = 1 - len(missed) / len(all_of_them)
    print(
        f"{len(all_of_them) - len(missed)} of {len(all_of_them)} endpoints reached a 2xx ({share:.0%})."
    )
    for name in missed:
        print(f"  not: {name}")
    sys.exit(done.returncode or share < 0.9)


def _token() -> str:
    from oms.core import clients
    from oms.core.models import ApiClient, User

    boss = User.objects.filter(is_superuser=True).first()
    assert boss is not None, "There is no demo here; run `manage.py demo --no-serve` first."
    client, _ = ApiClient.objects.get_or_create(
        name="fuzz", defaults={"user": boss, "calls_per_minute": 10**7}
    )
    return clients.issue_token(client)


def _addressed(endpoint: Any) -> str:
    listed = ", ".join(
        f"{json.dumps(name)} = {json.dumps(value)}" for name, value in endpoint.parameters.items()
    )
    return (
        f'\n[[operations]]\ninclude-name = "{endpoint.method} {endpoint.path}"\n'
        f"parameters = {{ {listed} }}\n"
    )


def _description(address: str, endpoints: Iterable[Any]) -> dict[str, Any]:
    """The server's own description, with examples of real data."""
    with urllib.request.urlopen(f"{address}?format=json") as answer:
        description = json.load(answer)
    for endpoint in endpoints:
        described = description["paths"][endpoint.path][endpoint.method.lower()]
        for parameter in described.get("parameters", []):
            if parameter["name"] in endpoint.headers:
                parameter["schema"]["examples"] = [endpoint.headers[parameter["name"]]]
        if endpoint.body is not None:
            for content in described["requestBody"]["content"].values():
                content.pop("example", None)
                content["examples"] = {"real": {"value": endpoint.body}}
    return description


def _reached(report: Path) -> set[str]:
    """The endpoints that answered a 2xx, by the events of the report."""
    return {
        label
        for line in report.read_text().splitlines()
        for label, status in _interactions(json.loads(line))
        if 200 <= status < 300
    }


def _interactions(event: Any) -> Iterator[tuple[str, int]]:
    """Every recorded call within an event: its endpoint, and the status of its answer."""
    if isinstance(event, dict):
        if {"label", "interactions", "cases"} <= event.keys():
            labels = {key: _label(case) for key, case in event["cases"].items()}
            for key, interaction in event["interactions"].items():
                status = (interaction.get("response") or {}).get("status_code", 0)
                yield labels.get(key) or event["label"], status
        for inner in event.values():
            yield from _interactions(inner)
    elif isinstance(event, list):
        for inner in event:
            yield from _interactions(inner)


def _label(case: Any) -> str:
    text = json.dumps(case)
    method, path = re.search(r'"method": "(\w+)"', text), re.search(r'"path": "(/api/[^"]*)"', text)
    return f"{method.group(1)} {path.group(1)}" if method and path else ""


if __name__ == "__main__":
    main()
