"""Login, my own things, administration."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from .views import access, account, organisation, qualifications, settings, standing, trail

urlpatterns = [
    path("login/", login_not_required(account.login), name="login"),
    path("logout/", account.logout, name="logout"),
    path("password/", account.password, name="password"),
    path("me/", account.me, name="me"),
    path("me/tokens/<int:token_id>/end/", account.my_token_revoke, name="my_token_revoke"),
    path("units/choose/", account.unit_choice, name="unit_choice"),
    path("admin-units/", organisation.units, name="units"),
    path("admin-units/new/", organisation.unit_add, name="unit_add_first"),
    path("admin-units/<str:code>/", organisation.unit, name="unit"),
    path("admin-units/<str:code>/new/", organisation.unit_add, name="unit_add"),
    path("admin-people/", organisation.people, name="people"),
    path("admin-people/suggest/", organisation.people_suggest, name="people_suggest"),
    path("admin-people/new/", organisation.person_add, name="person_add"),
    path("admin-people/<str:person_no>/", organisation.person, name="person"),
    path("admin-people/<str:person_no>/access/", access.person_access, name="person_access"),
    path(
        "admin-people/<str:person_no>/password/",
        organisation.person_password,
        name="person_password",
    ),
    path("admin-people/<str:person_no>/active/", organisation.person_active, name="person_active"),
    path("admin-people/<str:person_no>/posts/new/", organisation.holding_add, name="holding_add"),
    path(
        "admin-people/<str:person_no>/posts/<int:holding_id>/end/",
        organisation.holding_end_,
        name="holding_end",
    ),
    path("admin-posts/", organisation.posts, name="posts"),
    path("admin-posts/new/", organisation.post_edit, name="post_add"),
    path("admin-posts/<str:code>/", organisation.post_edit, name="post"),
    path("admin-qualifications/", qualifications.qualifications, name="qualifications"),
    path("admin-qualifications/new/", qualifications.qualification_add, name="qualification_add"),
    path(
        "admin-qualifications/<int:qualification_id>/",
        qualifications.qualification,
        name="qualification",
    ),
    path("admin-stand-ins/", standing.stand_ins, name="stand_ins"),
    path("admin-stand-ins/new/", standing.stand_in_add, name="stand_in_add"),
    path("admin-stand-ins/<int:delegation_id>/", standing.stand_in, name="stand_in"),
    path("admin-exceptions/", standing.exceptions, name="exceptions"),
    path("admin-exceptions/new/", standing.exception_add, name="exception_add"),
    path("admin-settings/", settings.settings, name="settings"),
    path("admin-settings/<str:key>/", settings.setting_page, name="setting"),
    path("audit/", trail.trail, name="audit"),
    path("audit/<int:batch_id>/", trail.audit_batch, name="audit_batch"),
]
