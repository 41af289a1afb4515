"""Pick, pack, label, ship and track."""
