"""Pages for signing in and out, and for the own account."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from scanner.console import users
from scanner.console.web import SESSION, Call, next_page, set_cookie
from scanner.errors import InputError
from scanner.model import Text


def sign_in_form(call: Call) -> Response:
    """Show the form to sign in."""
    goal = next_page(call.request.query_params.get("next", "/"))
    return call.go("/") if call.person else call.page("sign_in.html", next=goal, wrong=False)


def sign_in(call: Call) -> Response:
    """Open a session; a failure does not tell what was wrong."""
    goal = next_page(call.text("next", 1000))
    password = call.form.get("password")
    token = users.sign_in(
        call.console.store, call.text("name", 60), password if isinstance(password, str) else "", call.address
    )
    if token is None:
        return call.page("sign_in.html", 401, next=goal, wrong=True)
    response = Response(status_code=303, headers={"Location": call.console.settings.prefix + goal})
    set_cookie(response, call.console, SESSION, token)
    return response


def sign_out(call: Call) -> Response:
    """End the session."""
    users.sign_out(call.console.store, call.request.cookies.get(SESSION, ""), call.who, call.address)
    response = call.go("/sign-in")
    response.delete_cookie(SESSION, path=call.console.settings.prefix + "/")
    return response


def account_form(call: Call) -> Response:
    """Show the form to change the password."""
    return call.page("account.html", message="", done=False)


def account(call: Call) -> Response:
    """Change the password; other sessions end."""
    old, new = str(call.form.get("old", "")), str(call.form.get("new", ""))
    name, store = call.who.name, call.console.store
    if not call.console.sign_ins.take("password:" + name):
        raise HTTPException(429)
    try:
        if not users.is_password(store, name, old) or new != str(call.form.get("again", "")):
            raise InputError(
                "password",
                Text(
                    zh="当前密码不对，或两次输入的新密码不同",
                    en="the current password is wrong, or the new ones differ",
                ),
            )
        keep = call.request.cookies.get(SESSION, "")
        users.set_password(store, name, new, name, must_change=False, keep=keep)
    except InputError as error:
        return call.page("account.html", 400, message=error.text.get(call.lang), done=False)
    return call.page("account.html", message="", done=True)
