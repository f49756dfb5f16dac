"""Scripts that are evaluated in a page: reading it, scrolling through it, leaving it."""

from __future__ import annotations

from importlib.resources import files

PAGE_SCRIPT = (files("scanner.collect.site") / "page.js").read_text("utf-8")
# What a visitor's leaving makes a page do.  When the browser itself leaves, the page's process is gone before its last
# requests are reported, so the events are fired once while it still listens.
LEAVE_SCRIPT = """(() => {
  for (const [name, value] of [['visibilityState', 'hidden'], ['hidden', true]]) {
    try { Object.defineProperty(document, name, { get: () => value, configurable: true }); } catch { /* not ours to force */ }
  }
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }));
  window.dispatchEvent(new Event('unload'));
})()"""
# Down the page screen by screen and back, as a reader would, so that what loads late does.
SCROLL_SCRIPT = """async (most) => {
  const page = document.scrollingElement, pause = () => new Promise((done) => setTimeout(done, 40));
  if (!page) return 0;
  let steps = 0;
  while (steps < most && innerHeight * (steps + 1) < page.scrollHeight - 40) {
    steps += 1;
    scrollTo({ top: innerHeight * steps, behavior: 'instant' });
    await pause();
  }
  if (steps) scrollTo({ top: 0, behavior: 'instant' });
  return steps;
}"""
