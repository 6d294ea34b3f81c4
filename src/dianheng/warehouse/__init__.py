"""Stores of three levels: receive, move, hand over, issue and return, all by scan."""
