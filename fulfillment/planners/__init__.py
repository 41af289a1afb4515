"""Pure decisions of the warehouse floor: no Django, no database."""
