"""Telling people and programs: emails, notifications, webhooks, and outgoing HTTP."""
