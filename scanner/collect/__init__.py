"""Collectors: target → facts."""
