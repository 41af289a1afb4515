"""The pages of users, companies, jobs, notifications and events."""

from oms.backoffice import clients, companies, emails, jobs, records, roles, users, webhooks

__all__ = ["clients", "companies", "emails", "jobs", "records", "roles", "users", "webhooks"]
