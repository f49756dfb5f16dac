"""People and sessions: Argon2id hashes, lockout, sessions kept on the server (OWASP ASVS 4.0.3, chapters 2 and 3)."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from scanner.batch.schema_console import SessionRow, UserRow
from scanner.batch.store import Store
from scanner.console import audit
from scanner.errors import InputError
from scanner.model import Text

ROLES = ("viewer", "inspector", "admin")
ROLE_NAMES = {
    "viewer": Text(zh="查看", en="Viewer"),
    "inspector": Text(zh="核查", en="Inspector"),
    "admin": Text(zh="管理", en="Administrator"),
}
NAME = re.compile(r"[\w.@-]{2,60}")
SHORTEST, LONGEST = 12, 200
MAX_FAILURES = 5
LOCK = timedelta(minutes=15)
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
TOUCH = timedelta(minutes=1)
_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(2)  # 64 MiB each: a flood of sign-ins waits instead of filling the memory
_NOBODY = _hasher.hash(secrets.token_hex(16))  # an unknown name takes as long as a wrong password


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, with the token their forms must carry."""

    id: int
    name: str
    role: str
    csrf: str
    must_change: bool


def rank(role: str) -> int:
    """Return the position of a role; a higher one may do all a lower one may."""
    return ROLES.index(role)


def check_password(password: str, name: str) -> None:
    """Raise InputError unless the password may be used: 12 to 200 characters, five different, without the name."""
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < 5 or name.lower() in password.lower():
        raise InputError(
            "password-weak",
            Text(
                zh=f"密码须为 {SHORTEST}–{LONGEST} 个字符、至少 5 个不同字符，且不含用户名",
                en=f"a password needs {SHORTEST} to {LONGEST} characters, five of them different, without the user name",
            ),
        )


def add(store: Store, name: str, role: str, password: str, actor: str, *, must_change: bool = False) -> None:
    """Create a user; raises InputError for a bad or taken name, an unknown role or a weak password."""
    if not NAME.fullmatch(name) or role not in ROLES:
        raise InputError(
            "user-name",
            Text(
                zh="用户名须为 2–60 个字母、汉字、数字或 . @ _ -",
                en="a user name has 2 to 60 letters, digits or . @ _ -",
            ),
        )
    check_password(password, name)
    hashed = _hash(password)

    def action(session: Session) -> None:
        if session.scalar(select(UserRow.id).where(UserRow.name == name)) is not None:
            raise InputError("user-taken", Text(zh=f"用户 {name} 已存在", en=f"user {name} exists already"))
        session.add(
            UserRow(
                name=name,
                role=role,
                password=hashed,
                active=True,
                must_change=must_change,
                failures=0,
                locked_until=None,
                created=datetime.now(UTC),
            )
        )
        audit.append(session, actor, "user-add", name, details={"role": role})

    store.transact(action)


def people(store: Store) -> list[UserRow]:
    """Return all users by name."""
    with store.session() as session:
        rows = list(session.scalars(select(UserRow).order_by(UserRow.name)))
        session.expunge_all()
        return rows


def set_active(store: Store, name: str, active: bool, actor: str) -> None:
    """Disable a user, ending their sessions, or enable them again."""

    def action(session: Session) -> None:
        user = _user(session, name)
        user.active, user.failures, user.locked_until = active, 0, None
        if not active:
            session.execute(delete(SessionRow).where(SessionRow.user_id == user.id))
        audit.append(session, actor, "user-enable" if active else "user-disable", name)

    store.transact(action)


def set_role(store: Store, name: str, role: str, actor: str) -> None:
    """Give a user another role; their sessions end."""
    if role not in ROLES:
        raise InputError("user-role", Text(zh="没有这个角色", en="there is no such role"))

    def action(session: Session) -> None:
        user = _user(session, name)
        audit.append(session, actor, "user-role", name, details={"from": user.role, "to": role})
        user.role = role
        session.execute(delete(SessionRow).where(SessionRow.user_id == user.id))

    store.transact(action)


def set_password(
    store: Store, name: str, password: str, actor: str, *, must_change: bool, keep: str = ""
) -> None:
    """Set a password; all sessions of the user end, except the one with the cookie ``keep``."""
    check_password(password, name)
    hashed = _hash(password)

    def action(session: Session) -> None:
        user = _user(session, name)
        user.password, user.must_change, user.failures, user.locked_until = hashed, must_change, 0, None
        session.execute(
            delete(SessionRow).where(
                SessionRow.user_id == user.id, SessionRow.token_sha256 != _token_digest(keep)
            )
        )
        audit.append(session, actor, "password-change" if actor == name else "user-reset", name)

    store.transact(action)


def is_password(store: Store, name: str, password: str) -> bool:
    """Whether ``password`` is the user's."""
    with store.session() as session:
        hashed = session.scalar(select(UserRow.password).where(UserRow.name == name))
    return _matches(hashed or _NOBODY, password) and hashed is not None


def sign_in(store: Store, name: str, password: str, address: str) -> str | None:
    """Return the token of a new session, or None; five wrong passwords lock the account for 15 minutes."""
    with store.session() as session:
        user = session.scalars(select(UserRow).where(UserRow.name == name)).first()
        now = datetime.now(UTC)
        known = user is not None and user.active
        locked = user is not None and user.locked_until is not None and user.locked_until > now
        hashed = user.password if user is not None and known else _NOBODY
    right = _matches(hashed, password) and known and not locked
    token = secrets.token_urlsafe(32)

    def action(session: Session) -> bool:
        row = session.scalars(select(UserRow).where(UserRow.name == name)).first()
        if row is None or not right or not row.active:
            reason = "unknown" if not known else "locked" if locked else "password"
            if row is not None and reason == "password":
                row.failures += 1
                if row.failures >= MAX_FAILURES:
                    row.failures, row.locked_until, reason = 0, datetime.now(UTC) + LOCK, "now-locked"
            audit.append(session, name, "sign-in-failed", name, address, {"reason": reason})
            return False
        row.failures, row.locked_until = 0, None
        moment = datetime.now(UTC)
        session.execute(delete(SessionRow).where(SessionRow.created < moment - ABSOLUTE))
        session.add(
            SessionRow(
                token_sha256=_token_digest(token),
                user_id=row.id,
                csrf=secrets.token_urlsafe(32),
                created=moment,
                seen=moment,
            )
        )
        audit.append(session, name, "sign-in", name, address)
        return True

    return token if store.transact(action) else None


def sign_out(store: Store, token: str, person: Person, address: str) -> None:
    """End a session."""

    def action(session: Session) -> None:
        session.execute(delete(SessionRow).where(SessionRow.token_sha256 == _token_digest(token)))
        audit.append(session, person.name, "sign-out", person.name, address)

    store.transact(action)


def person_of(store: Store, token: str) -> Person | None:
    """Return who the session belongs to: None when it is unknown, expired or its user disabled."""
    key = _token_digest(token)
    now = datetime.now(UTC)
    with store.session() as session:
        found = session.execute(
            select(SessionRow, UserRow)
            .join(UserRow, UserRow.id == SessionRow.user_id)
            .where(SessionRow.token_sha256 == key)
        ).first()
        if found is None:
            return None
        row, user = found
        if not user.active or row.seen < now - IDLE or row.created < now - ABSOLUTE:
            return None
        person = Person(user.id, user.name, user.role, row.csrf, user.must_change)
        stale = row.seen < now - TOUCH
    if stale:

        def action(writing: Session) -> None:
            fresh = writing.get(SessionRow, key)
            if fresh is not None:
                fresh.seen = now

        store.transact(action)
    return person


def _user(session: Session, name: str) -> UserRow:
    user = session.scalars(select(UserRow).where(UserRow.name == name)).first()
    if user is None:
        raise InputError("user-unknown", Text(zh=f"没有用户 {name}", en=f"there is no user {name}"))
    return user


def _token_digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _hash(password: str) -> str:
    with _slots:
        return _hasher.hash(password)


def _matches(hashed: str, password: str) -> bool:
    with _slots:
        try:
            return len(password) <= LONGEST and _hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
