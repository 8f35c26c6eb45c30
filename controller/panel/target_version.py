"""What `If-Match` of a setpoint's change names; for server and client alike, so it stands apart from both."""


def target_version(target: float) -> str:
    """A setpoint's target as JavaScript spells a number too."""
    return repr(float(target)).removesuffix(".0")
