"""The My Account API: what people do about themselves, in applications of their choice."""
