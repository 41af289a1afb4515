"""Know, promise, source and move stock; buy more of it."""
