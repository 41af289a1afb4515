"""The page that checks every invariant."""

from django.contrib import admin
from django.contrib.auth.decorators import user_passes_test
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from oms.core import policy
from oms.insights import verification


@require_POST
@user_passes_test(lambda user: user.is_staff and policy.has_everywhere(user, "verify"))
def verify(request: HttpRequest) -> HttpResponse:
    """Check now, and show what is broken."""
    context = {
        **admin.site.each_context(request),
        "title": "Check",
        "breaches": verification.breaches(),
        "names": verification.names(),
    }
    return TemplateResponse(request, "admin/oms/verify.html", context)
