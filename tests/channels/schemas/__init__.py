"""Official schemas of providers, so that what a connector sends is checked against them without a network."""
