"""The URLs of the project."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog

from oms.web.previewing import preview_person, preview_role
from oms.web.verifying import verify
from oms.web.welcome import SetPassword

urlpatterns = [
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}oms/icon.svg")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/verify/", verify, name="verify"),
    path("admin/core/role/<int:pk>/preview/", preview_role, name="preview_role"),
    path("admin/core/user/<int:pk>/preview/", preview_person, name="preview_person"),
    path("set-password/<uidb64>/<token>/", SetPassword.as_view(), name="set_password"),
    path("jsi18n/", JavaScriptCatalog.as_view(), name="javascript-catalog"),
    path("stations/", include("fulfillment.stations.views")),
    path("channels/", include("orders.channels.views")),
    path("api/", include("oms.web.api")),
    path("admin/", admin.site.urls),
]
