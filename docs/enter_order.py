"""Enter an order over the API, safely: however often this is run with one reference, there is one order.

    OMS_URL=http://127.0.0.1:8000 OMS_TOKEN=oms_… python enter_order.py WEB-10042 12375 reps 20846=3 22423=1

Needs nothing but Python. The reference is the Idempotency-Key, so choose it where the order is made (a web shop's order
number), not here: then a crash of this program, of the network or of the server can lose or double nothing.
"""

import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
from typing import Any

TRIES = 8
AGAIN = {409: "still_running", 429: "throttled", 503: "busy"}  # and every 5xx, and no answer at all


def enter_order(
    url: str, token: str, reference: str, order: dict[str, Any], tries: int = TRIES
) -> dict[str, Any]:
    """The order as the server has it. Raises ValueError with the problem where it was refused: nothing is done."""
    for attempt in range(tries):
        try:
            return send(url, token, reference, order)
        except urllib.error.HTTPError as error:
            wait = pause_after(error)
        except (OSError, http.client.HTTPException):
            wait = 0.0  # nobody knows whether it took effect; the same key finds out
        time.sleep(max(wait, random.uniform(0, min(30, 0.1 * 2**attempt))))
    raise TimeoutError(f"No answer for {reference} yet; run this again with the same reference.")


def pause_after(error: urllib.error.HTTPError) -> float:
    """Seconds to wait before trying again. Raises ValueError with the problem where trying again is no use."""
    try:
        problem = json.loads(error.read() or b"{}")
    except (OSError, http.client.HTTPException):
        return 0.0  # the answer was cut off
    if error.code < 500 and AGAIN.get(error.code) != problem.get("code"):
        raise ValueError(problem) from error
    return float(error.headers.get("Retry-After") or 0)


def send(url: str, token: str, reference: str, order: dict[str, Any]) -> dict[str, Any]:
    """One attempt."""
    request = urllib.request.Request(
        f"{url}/api/v1/orders/",
        json.dumps({**order, "external_id": reference}).encode(),
        method="POST",
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": reference,
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    reference, customer, channel, *lines = sys.argv[1:]
    asked = {
        "customer": customer,
        "channel": channel,
        "lines": [
            {"sku": sku, "quantity": int(quantity)}
            for sku, _, quantity in (line.rpartition("=") for line in lines)
        ],
    }
    made = enter_order(os.environ["OMS_URL"], os.environ["OMS_TOKEN"], reference, asked)
    print(made["number"], made["status"], made["gross"], made["currency"])
