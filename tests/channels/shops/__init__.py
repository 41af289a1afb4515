"""Shops on this machine, as connectors meet them: real servers with the faults of real ones."""
