"""Login, password, logout, the unit looked at, my posts and tokens."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.common.errors import BadInput, Refused
from dianheng.common.forms import answer_form, take_refusal
from dianheng.common.pages import fragment

from ..choices import AccessKind
from ..forms import LoginForm, PasswordForm, TokenForm
from ..models import ApiToken, Delegation, PostHolding, Unit
from ..services import (
    access_note,
    actor_of,
    login_note,
    person_change_password,
    require_password,
    token_make,
    token_revoke,
)

LOGIN_EVENT = "login_event"  # in the session


class Login(LoginView):
    """Name and password, noted in the security log; the language of the person from then on."""

    form_class = LoginForm
    template_name = "identity/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        # The session knows its login, so that the logout can name it.
        self.request.session[LOGIN_EVENT] = access_note(self.request, AccessKind.LOGIN)
        if settings.LANGUAGE_COOKIE_NAME not in self.request.COOKIES:
            language = form.get_user().language
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax")
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        rests = getattr(self.request, "axes_locked_out", False)
        kind = AccessKind.LOCKED if rests else AccessKind.FAILED
        login_note(self.request, kind, form.data.get("username", ""))
        return super().form_invalid(form)


class Logout(LogoutView):
    """Ends the session, noted with the login that began it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        began = request.session.get(LOGIN_EVENT)
        access_note(request, AccessKind.LOGOUT, login_event_id=began)
        return super().post(request, *args, **kwargs)


login = Login.as_view()
logout = Logout.as_view()


def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password."""
    person: Any = request.user

    def change(data: dict[str, Any]) -> str:
        actor = actor_of(request)
        try:
            require_password(actor, data["old"])
        except Refused as refused:
            said = {"field": "old", "code": refused.refusal.code, "text": refused.refusal.text}
            raise BadInput(refused.refusal.text, [said]) from None
        person_change_password(person=person, password=data["password"], actor=actor)
        update_session_auth_hash(request, person)
        return reverse("home")

    return answer_form(
        request, PasswordForm(request.POST or None), change,
        title=_("Change password"), submit=_("Change password"), back=reverse("home"),
        success=_("The password is changed."),
        intro=_("Somebody else set your password. Choose your own before you go on.")
        if person.must_change_password else "",
    )  # fmt: skip


def me(request: HttpRequest) -> HttpResponse:
    """What I may do and from where; my tokens."""
    person: Any = request.user
    form = TokenForm(request.POST or None)
    token = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            token = token_make(
                person=person, label=data["label"], scopes=data["scopes"], days=data["days"],
                actor=actor_of(request),
            )  # fmt: skip
            form = TokenForm()
        except Refused as refused:
            take_refusal(form, refused, request)
    context = {
        "title": _("My posts and tokens"),
        "holdings": PostHolding.objects.filter(person=person).select_related("post", "unit"),
        "stand_ins": Delegation.objects.filter(to_person=person).select_related("from_person"),
        "tokens": ApiToken.objects.filter(person=person),
        "form": form,
        "token": token,
    }
    return render(request, "identity/me.html", context)


@require_POST
def my_token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End one of my tokens."""
    for token in ApiToken.objects.filter(pk=token_id, person=request.user):
        token_revoke(token=token, actor=actor_of(request))
        messages.success(request, _("The token is ended."))
    return redirect("me")


def unit_choice(request: HttpRequest) -> HttpResponse:
    """The units that I may look at, as a tree; choosing one narrows every list."""
    paths = sorted({grant.unit_path for grant in request.rights.grants})  # type: ignore[attr-defined]
    units = [
        unit for unit in Unit.objects.filter(is_active=True)
        if any(unit.path.startswith(path) for path in paths)
    ]  # fmt: skip
    if request.method == "POST":
        chosen = next((u for u in units if u.code == request.POST.get("unit")), None)
        request.session["unit_path"] = chosen.path if chosen else ""
        request.session["unit_name"] = chosen.name if chosen else ""
        back = request.POST.get("next", "/")
        if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
            back = "/"
        return redirect(back)
    top = min((unit.path.count("/") for unit in units), default=0)
    lines = [{"unit": unit, "depth": unit.path.count("/") - top} for unit in units]
    referrer: Any = request.headers.get("HX-Current-URL", "/")
    context = {
        "lines": lines,
        "chosen": request.session.get("unit_path", ""),
        "next": request.htmx.current_url_abs_path if request.htmx else referrer,  # type: ignore[attr-defined]
    }
    return fragment(request, render(request, "identity/unit_choice.html", context))
