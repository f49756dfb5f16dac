"""The web console over the store (``guijian serve``, docs/console.md): server-rendered pages, no script."""
