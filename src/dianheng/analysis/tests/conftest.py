"""A browser for the tests of pages."""

from dianheng.testing.browser import chromium, visit

__all__ = ["chromium", "visit"]
