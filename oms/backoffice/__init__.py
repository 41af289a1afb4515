"""The frame of the admin: lists, documents, forms, panels, sheets; and the pages of what every company has."""
