"""How orders talk to the outside: payment gateways, channels, accounting."""
