"""What people and programs can ask of shipments and waves."""
