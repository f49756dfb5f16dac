"""Facts from Android packages."""
