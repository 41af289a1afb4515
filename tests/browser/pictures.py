"""Pictures of every main page, light, dark and phone-sized, from the demo's data.

    python -m tests.browser.pictures FOLDER

It starts the demo itself (`manage.py demo`, which makes its data at the first run) and logs in as each role.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
PORT = 8377
ADDRESS = f"http://127.0.0.1:{PORT}"
LOOKS = {  # of a look: its window, and whether it is dark
    "light": ({"width": 1440, "height": 900}, "light"),
    "dark": ({"width": 1440, "height": 900}, "dark"),
    "phone": ({"width": 390, "height": 844}, "light"),
}


@contextlib.contextmanager
def demo():
    """The demo, served, once it answers."""
    server = subprocess.Popen([sys.executable, "manage.py", "demo", "--port", str(PORT)])
    try:
        for _ in range(600):
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{ADDRESS}/admin/login/") as answer,
            ):
                if answer.status == 200:
                    break
            if server.poll() is not None:
                sys.exit("The demo ended; see what it says above.")
            time.sleep(1)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def log_in(browser, role, window, scheme):
    from oms.web.demo.company import LOG_INS

    context = browser.new_context(
        viewport=window, color_scheme=scheme, locale="en-GB", device_scale_factor=1
    )
    page = context.new_page()
    page.goto(f"{ADDRESS}/admin/login/")
    page.fill("[name=username]", role)
    page.fill("[name=password]", LOG_INS[role])
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{ADDRESS}/admin/")
    return page


def take(folder):
    """Take the pictures, and return how many."""
    from playwright.sync_api import TimeoutError, sync_playwright

    from tests.browser.conftest import CHROMIUM
    from tests.browser.pages import main_pages

    taken = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for look, (window, scheme) in LOOKS.items():
            pages = {}
            for name, role, path in main_pages():
                page = pages.get(role) or pages.setdefault(
                    role, log_in(browser, role, window, scheme)
                )
                page.goto(ADDRESS + path)
                with contextlib.suppress(TimeoutError):
                    page.wait_for_load_state("networkidle", timeout=5000)
                page.screenshot(path=folder / f"{name.replace(' ', '-')}-{look}.png")
                taken += 1
        browser.close()
    return taken


def main():
    import django

    django.setup()
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with demo():
        print(f"{take(folder)} pictures are in {folder}.")


if __name__ == "__main__":
    main()
