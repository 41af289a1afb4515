"""Pages by cursor: no deep offsets, and nothing shown twice while rows are added."""

from rest_framework.pagination import CursorPagination


class Pages(CursorPagination):
    """The newest first."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
