"""The frame of the REST API: authentication, documents, operations, problems and their description."""
