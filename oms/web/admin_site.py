"""The back office: one admin site for everybody who works here."""

from django.contrib.admin.apps import AdminConfig
from unfold.sites import UnfoldAdminSite


class OMSAdminSite(UnfoldAdminSite):
    site_title = "OMS"
    site_header = "OMS"
    index_title = "What is to be done"


class OMSAdminConfig(AdminConfig):
    default_site = "oms.web.admin_site.OMSAdminSite"
