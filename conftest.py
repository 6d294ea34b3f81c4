"""Plugins for the tests of all apps."""

pytest_plugins = ["dianheng.testing.plugin", "dianheng.testing.browser", "dianheng.testing.skips"]
