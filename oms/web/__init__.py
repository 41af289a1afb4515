"""Composes everything: admin site, dashboards, roles, schedule, commands. Imported by nobody."""
