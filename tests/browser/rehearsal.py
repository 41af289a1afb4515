"""Requests that are answered as ever and then undone, so that each page of a database can be saved by each role."""

from django.db import connection, transaction

HEADER = "X-Rehearsal"


class Rehearsal:
    """A middleware of the tests: whoever sends the header changes nothing, but meets every constraint."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if HEADER not in request.headers:
            return self.get_response(request)
        with transaction.atomic():
            response = self.get_response(request)
            if not connection.needs_rollback:
                connection.check_constraints()
            transaction.set_rollback(True)
        return response
