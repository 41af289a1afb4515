"""PostgreSQL as a Django backend that starts an embedded server when a connection is first needed."""
