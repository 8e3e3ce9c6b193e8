"""The one exception of zq's own."""


class Error(ValueError):
    """Something that zq cannot do with what it was given.

    The first line of the message says what; further lines may show the place.
    """
