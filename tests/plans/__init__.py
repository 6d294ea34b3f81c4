"""Plans of the statements that must stay fast at 10⁶ rows; never their times."""
