"""Orders from outside: shops, marketplaces, files of the past."""
