"""Pure rules of channels."""
