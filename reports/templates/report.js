// Search, filter, theme, print.  The report is complete without this script.
(function () {
  "use strict";
  var root = document.documentElement;
  var all = function (selector, from) {
    return Array.prototype.slice.call((from || document).querySelectorAll(selector));
  };
  var byId = function (id) { return document.getElementById(id); };
  all(".tools, .buttons").forEach(function (node) { node.hidden = false; });

  var clauses = all(".clause");
  var problems = all(".problem");
  var chips = all("[data-v]");
  var status = byId("count");
  var query = byId("q");
  var verdict = "";
  var texts = new Map();
  function matches(node, text) {
    if (!texts.has(node)) { texts.set(node, node.textContent.toLowerCase()); }
    return !text || texts.get(node).indexOf(text) !== -1;
  }
  function apply() {
    var text = query.value.trim().toLowerCase();
    var shown = 0;
    clauses.forEach(function (clause) {
      clause.hidden = !((!verdict || clause.dataset.verdict === verdict) && matches(clause, text));
      shown += clause.hidden ? 0 : 1;
    });
    all(".chapter").forEach(function (chapter) {
      var any = false;
      for (var next = chapter.nextElementSibling; next && !next.matches(".chapter"); next = next.nextElementSibling) {
        any = any || !next.hidden;
      }
      chapter.hidden = !any;
    });
    problems.forEach(function (problem) {
      problem.hidden = !matches(problem, text);
      shown += problem.hidden ? 0 : 1;
    });
    status.textContent = shown ? "" : status.dataset.none;
    status.classList.toggle("hide", shown > 0);
  }
  query.addEventListener("input", apply);
  chips.forEach(function (chip) {
    chip.addEventListener("click", function () {
      verdict = chip.dataset.v;
      chips.forEach(function (other) { other.setAttribute("aria-pressed", String(other === chip)); });
      apply();
    });
  });

  var open = byId("open");
  open.addEventListener("click", function () {
    var opening = open.textContent === open.dataset.open;
    all(".clause > details").forEach(function (details) { details.open = opening; });
    open.textContent = opening ? open.dataset.close : open.dataset.open;
  });
  byId("theme").addEventListener("click", function () {
    var system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
  });
  byId("print").addEventListener("click", function () { print(); });

  // A link into a closed or filtered part opens it first.
  function reveal() {
    var target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    for (var node = target; node; node = node.parentElement) {
      node.hidden = false;
      if (node.tagName === "DETAILS") { node.open = true; }
    }
    all(":scope > details", target).forEach(function (details) { details.open = true; });
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();

  // Paper cannot be opened: print every clause with its procedure, and put the screen back afterwards.
  var closed = [];
  addEventListener("beforeprint", function () {
    closed = all(".clause > details:not([open]), .manual:not([open])");
    closed.forEach(function (details) { details.open = true; });
  });
  addEventListener("afterprint", function () { closed.forEach(function (details) { details.open = false; }); });
})();
