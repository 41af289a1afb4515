"""Pure decisions about returns: no Django, no database."""
