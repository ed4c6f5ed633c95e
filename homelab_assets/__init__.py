"""Makes git the truth again: drift, remediation, media validation and documentation for Docker homelabs."""

__version__ = "0.1.0"
