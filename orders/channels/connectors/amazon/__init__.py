"""Amazon's marketplaces, by its Selling Partner API."""
