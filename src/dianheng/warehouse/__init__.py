"""Stores of three levels: receive, move, hand over, issue and return, all by scan.

Being built by the lead at this moment (models, services, pages).
"""
