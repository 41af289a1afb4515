"""Write down the catalog of events: the page that lists them, and the payload of each version."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from oms.web import event_docs


class Command(BaseCommand):
    help = "Write docs/events.md and docs/event_payloads.json from the catalog of events."

    def handle(self, *args: Any, **options: Any) -> None:
        before, now = event_docs.written_payloads(), event_docs.payloads()
        if lost := event_docs.lost(before, now):
            raise CommandError(
                f"Receivers rely on what is gone: {'; '.join(lost)}. Raise the version of the event. "
                f"Before its first release, remove its entry from {event_docs.PAYLOADS.name} instead."
            )
        event_docs.PAYLOADS.write_text(
            event_docs.as_text(event_docs.merged(before, now)), encoding="utf-8"
        )
        event_docs.PAGE.write_text(event_docs.page(), encoding="utf-8")
        self.stdout.write(
            f"Wrote {len(now)} events to {event_docs.PAGE} and {event_docs.PAYLOADS}."
        )
