"""What people and programs can ask of returns."""
