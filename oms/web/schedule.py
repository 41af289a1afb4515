"""What the clock starts. What waits in rows needs no clock: workers sweep."""

from celery.schedules import crontab

SCHEDULE = {
    "forget old requests": {
        "task": "oms.core.tasks.forget_old_requests",
        "schedule": crontab(hour="3", minute="0"),
    },
    "mail digests": {
        "task": "oms.messaging.tasks.mail_digests",
        "schedule": crontab(hour="6", minute="30"),
    },
    "bill the month": {
        "task": "orders.accounting.tasks.bill_the_month",
        "schedule": crontab(day_of_month="1", hour="1", minute="0"),
    },
    "tell what is overdue": {
        "task": "orders.accounting.tasks.tell_overdue",
        "schedule": crontab(hour="6", minute="0"),
    },
    "roll up the home pages": {"task": "oms.insights.tasks.roll_up", "schedule": 600.0},
    "fold what customers owe": {"task": "orders.tasks.fold_exposure", "schedule": 300.0},
    "check reorder points": {
        "task": "inventory.purchasing.tasks.check_reorder_points",
        "schedule": crontab(hour="5", minute="0"),
    },
    "quarantine expired lots": {
        "task": "inventory.tasks.quarantine_expired_lots",
        "schedule": crontab(hour="0", minute="30"),
    },
    "reserve what is near": {
        "task": "inventory.tasks.reserve_what_is_near",
        "schedule": crontab(minute="5"),
    },
    "compare channels": {
        "task": "orders.channels.tasks.compare",
        "schedule": crontab(hour="2", minute="30"),
    },
    "forget what channels answered": {
        "task": "orders.channels.tasks.forget_raw",
        "schedule": crontab(hour="3", minute="15"),
    },
    "refresh lanes": {
        "task": "fulfillment.tasks.refresh_lanes",
        "schedule": crontab(hour="4", minute="0"),
    },
}
