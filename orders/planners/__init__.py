"""Pure decisions of selling: no Django, no database."""
