"""Login, my own things, administration."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from .views import account

urlpatterns = [
    path("login/", login_not_required(account.login), name="login"),
    path("logout/", account.logout, name="logout"),
    path("password/", account.password, name="password"),
    path("me/", account.me, name="me"),
    path("me/tokens/<int:token_id>/end/", account.my_token_revoke, name="my_token_revoke"),
    path("units/choose/", account.unit_choice, name="unit_choice"),
]
