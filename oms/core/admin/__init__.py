"""The admin of the core: users, companies, jobs, notices and events; and what every app's admin is made of."""

from oms.core.admin import clients, companies, emails, jobs, records, roles, users, webhooks

__all__ = ["clients", "companies", "emails", "jobs", "records", "roles", "users", "webhooks"]
