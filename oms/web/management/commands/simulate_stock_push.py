"""Print what each rule of stock costs across channels: oversold and unsold pieces."""

from typing import Any

from django.core.management.base import BaseCommand

from orders.channels.planners.shown import Rule
from orders.channels.planners.simulation import Policy, World, compare


class Command(BaseCommand):
    help = (
        "Simulates the last pieces of a SKU on several channels, with your own rates, and prints for each rule how "
        "many are sold twice and how many are never sold. No rule can promise zero across channels."
    )

    def add_arguments(self, parser: Any) -> None:
        usual = World()
        parser.add_argument("--stock", type=int, default=usual.stock)
        parser.add_argument("--channels", type=int, default=usual.channels)
        parser.add_argument(
            "--seconds-between-sales", type=float, default=usual.seconds_between_sales
        )
        parser.add_argument("--import-delay", type=float, default=usual.import_delay)
        parser.add_argument("--push-delay", type=float, default=usual.push_delay)
        parser.add_argument("--lost", type=float, default=usual.lost, help="Share, such as 0.05.")
        parser.add_argument("--buffer", type=int, default=2)
        parser.add_argument("--last-units", type=int, default=3)
        parser.add_argument("--runs", type=int, default=1000)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        world = World(
            options["stock"],
            options["channels"],
            options["seconds_between_sales"],
            options["import_delay"],
            options["push_delay"],
            options["lost"],
        )
        buffer, last = options["buffer"], options["last_units"]
        policies = [
            Policy("numbers of the moment of the change", Rule(), computes_late=False),
            Policy("numbers computed when they are sent", Rule()),
            Policy(f"the same, {buffer} kept back", Rule(buffer=buffer)),
            Policy(f"the same, last {last} on one channel", Rule(last_units=last)),
            Policy(f"the same, last {2 * last} on one channel", Rule(last_units=2 * last)),
        ]
        self.stdout.write(f"{'rule':<42}{'oversold':>10}{'runs':>8}{'unsold':>8}")
        for name, found in compare(world, policies, options["runs"], options["seed"]):
            unsold = world.stock - found.sold
            self.stdout.write(
                f"{name:<42}{found.oversold:>10.2f}{found.runs_oversold:>8.1%}{unsold:>8.1f}"
            )
