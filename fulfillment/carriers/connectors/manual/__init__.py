"""A carrier without a system: labels are ours, and somebody hands the parcels over."""
