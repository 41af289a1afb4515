"""WooCommerce shops, by their REST API version 3."""
