"""Pages of organisation, people and the audit trail; each calls one service or selector."""
