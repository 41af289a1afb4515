"""Pure decisions of inventory: no Django, no database."""
