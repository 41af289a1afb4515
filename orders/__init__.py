"""Agree with the customer, price, bill, be paid."""
