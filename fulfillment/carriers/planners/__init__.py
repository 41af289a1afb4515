"""Pure rules of carriers."""
