"""Call a server on the demo's data in every way that the API's description allows, and in ways that it forbids.

Run after `manage.py demo --no-serve`: python -m tests.api.fuzz [CASES PER ENDPOINT] [SEED]. It runs schemathesis with
all its checks, stateful links included, against gunicorn, and ends with how many endpoints reached a 2xx. What it
creates stays in the demo's data.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SETTINGS = Path(__file__).with_name("schemathesis.toml")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    import django

    django.setup()
    from tests.races.resend import Server

    cases, seed = (sys.argv[1:] + ["15", "1"][len(sys.argv[1:]):])[:2]
    token = _token()
    with tempfile.TemporaryDirectory() as folder:
        config, report = Path(folder, "schemathesis.toml"), Path(folder, "calls.ndjson")
        config.write_text(SETTINGS.read_text() + "".join(_real_data()))
        server = Server(environment={"DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]})
        try:
            done = subprocess.run([
                str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run",
                f"{server.url}/api/v1/schema/", "-H", f"Authorization: Bearer {token}", "--checks", "all",
                "--max-examples", cases, "--seed", seed, "--continue-on-failure", "-w", "2",
                "--report-ndjson-path", str(report), "--no-color"], check=False)
        finally:
            server.stop()
        all_of_them = _endpoints()
        reached = _reached(report) & all_of_them
    share = len(reached) / len(all_of_them)
    print(f"{len(reached)} of {len(all_of_them)} endpoints reached a 2xx ({share:.0%}).")
    for name in sorted(all_of_them - reached):
        print(f"  not: {name}")
    sys.exit(done.returncode or share < 0.9)


def _token() -> str:
    from oms.core import clients
    from oms.core.models import ApiClient, User

    boss = User.objects.filter(is_superuser=True).first()
    assert boss is not None, "There is no demo here; run `manage.py demo --no-serve` first."
    client, _ = ApiClient.objects.get_or_create(name="fuzz", defaults={"user": boss, "calls_per_minute": 10**7})
    return clients.issue_token(client)


def _real_data() -> Iterator[str]:
    """For each endpoint on a document, one that it can be used on; customers, channels and SKUs that exist."""
    from fulfillment.models import Shipment
    from inventory.models import SKU
    from oms.core import operations
    from orders.models import Customer, Invoice, Order
    from returns.models import ReturnRequest

    customer = Customer.objects.filter(addresses__isnull=False, is_active=True).first()
    sku = SKU.objects.filter(prices__isnull=False).first()
    yield _operation("/api/v1/skus/{code}/price/", {
        "path.code": sku.code, "query.customer": customer.code, "query.channel": "reps"})
    quoted = Order.objects.filter(status=Order.Status.QUOTED).last()
    yield _operation("/api/v1/quotes/{number}/", {"path.number": quoted.number})
    yield from _webhooks()
    used: set[str] = set()  # each its own, as long as there are enough: one operation ends what another needs
    for path, model in (("orders", Order), ("shipments", Shipment), ("invoices", Invoice), ("returns", ReturnRequest)):
        rows = list(model.objects.exclude(number=None).order_by("-pk"))
        fitting = {step: [row for row in rows if step.available(row)] for step in operations.of(model).values()}
        for step, fits in sorted(fitting.items(), key=lambda pair: len(pair[1])):
            fit = next((row for row in fits if row.number not in used), fits[0] if fits else None)
            if fit is not None:
                used.add(fit.number)
                where = f"/api/v1/{path}/{{number}}/{step.name.replace('_', '-')}/"
                yield _operation(where, {"path.number": fit.number})
                if step.preview is not None:
                    yield _operation(f"{where}preview/", {"path.number": fit.number})


def _webhooks() -> Iterator[str]:
    """Endpoints with something to tell, one for each thing that can be done with one."""
    from oms.core import webhooks
    from oms.core.models import Company, User, WebhookDelivery, WebhookEndpoint

    company, boss = Company.objects.first(), User.objects.filter(is_superuser=True).first()
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "rotate-secret/"), ("DELETE", "")):
        made = webhooks.subscribe(WebhookEndpoint(company=company, user=boss, url="https://example.com/"))
        yield _operation(f"/api/v1/webhooks/{{id}}/{path}", {"path.id": made.pk}, method)
    WebhookEndpoint.objects.filter(pk=made.pk - 1).update(position=0)
    webhooks.fan_out()
    delivery = WebhookDelivery.objects.order_by("-pk").first()
    for path in ("", "replay/"):
        yield _operation(f"/api/v1/webhook-deliveries/{{id}}/{path}", {"path.id": delivery.pk})


def _operation(path: str, parameters: dict[str, Any], method: str = "") -> str:
    listed = ", ".join(f"{json.dumps(name)} = {json.dumps(str(value))}" for name, value in parameters.items())
    only = f'include-method = "{method}"\n' if method else ""
    return f'\n[[operations]]\ninclude-path = "{path}"\n{only}parameters = {{ {listed} }}\n'


def _endpoints() -> set[str]:
    """What the description describes, as "METHOD /path"."""
    from drf_spectacular.generators import SchemaGenerator

    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def _reached(report: Path) -> set[str]:
    """The endpoints that answered a 2xx, by the events of the report."""
    return {label for line in report.read_text().splitlines() for label, status in _interactions(json.loads(line))
            if 200 <= status < 300}


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
