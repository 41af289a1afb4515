"""Take back, judge, give back."""
