"""Guijian (规鉴): evidence-based review of apps, sites and privacy policies against Chinese law.

The library's public interface; importing it loads no parser, browser or report writer.
"""

from __future__ import annotations

__version__ = "0.1.0"
