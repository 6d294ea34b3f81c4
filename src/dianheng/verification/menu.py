"""Entries of the menu."""
