"""What all tests share: how hypothesis searches."""

from hypothesis import settings

# a deadline is a timing assertion, and fails on a busy machine what is right
settings.register_profile("farm", deadline=None, print_blob=True)
settings.load_profile("farm")
