"""eBay's marketplaces, by its Sell, Post-Order and Notification APIs."""
