"""Alembic migrations of the store; ``guijian batch`` applies them when it opens one."""
