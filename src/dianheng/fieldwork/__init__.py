"""Checks on site: tasks, records of field calibrators, diagnosis of wirings, orders that follow."""
