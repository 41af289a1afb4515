"""Read-only figures across the apps."""
