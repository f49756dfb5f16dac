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
  var selects = [byId("sev"), byId("own")];
  var reset = byId("reset");
  var verdict = "";
  var texts = new Map();
  function matches(node, text) {
    if (!text) { return true; }
    if (!texts.has(node)) { texts.set(node, node.textContent.toLowerCase()); }
    return texts.get(node).indexOf(text) !== -1;
  }
  // data-hits lists severity:owner of each finding that belongs to the node.
  function hit(node, severity, owner) {
    return !(severity || owner) || node.dataset.hits.split(" ").some(function (entry) {
      var parts = entry.split(":");
      return entry && (!severity || parts[0] === severity) && (!owner || parts[1] === owner);
    });
  }
  function apply() {
    var text = query.value.trim().toLowerCase();
    var wanted = selects.map(function (select) { return select ? select.value : ""; });
    var shown = [0, 0];
    function fits(node) {
      return (!verdict || node.dataset.verdict === verdict) && hit(node, wanted[0], wanted[1]);
    }
    clauses.forEach(function (clause) {
      clause.hidden = !(fits(clause) && matches(clause, text));
      shown[0] += clause.hidden ? 0 : 1;
    });
    all(".chapter").forEach(function (chapter) {
      var any = false;
      for (var next = chapter.nextElementSibling; next && !next.matches(".chapter"); next = next.nextElementSibling) {
        any = any || !next.hidden;
      }
      chapter.hidden = !any;
    });
    problems.forEach(function (problem) {
      var findings = all(".finding", problem);
      // The words of the rule fit all its findings; otherwise each finding must have them itself.
      var head = matches(problem, text) && !findings.some(function (finding) { return matches(finding, text); });
      var left = findings.filter(function (finding) {
        finding.hidden = !(fits(finding) && (head || matches(finding, text)));
        return !finding.hidden;
      });
      problem.hidden = !left.length;
      shown[1] += left.length;
    });
    var active = Boolean(text || verdict || wanted[0] || wanted[1]);
    var words = shown[0] + shown[1] ? status.dataset.some : status.dataset.none;
    status.textContent = active ? words.replace("%c", shown[0]).replace("%f", shown[1]) : "";
    status.classList.toggle("hide", !active);
    reset.hidden = !active;
  }
  function choose(value) {
    verdict = value;
    chips.forEach(function (chip) { chip.setAttribute("aria-pressed", String(chip.dataset.v === value)); });
    apply();
  }
  function clear() {
    query.value = "";
    selects.forEach(function (select) { if (select) { select.value = ""; } });
    choose("");
  }
  query.addEventListener("input", apply);
  selects.forEach(function (select) { if (select) { select.addEventListener("change", apply); } });
  chips.forEach(function (chip) {
    chip.addEventListener("click", function () { choose(chip.dataset.v); });
  });
  reset.addEventListener("click", function () { clear(); query.focus(); });
  addEventListener("keydown", function (event) {
    var typing = /^(input|select|textarea)$/i.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      query.focus();
    } else if (event.key === "Escape" && document.activeElement === query) {
      clear();
    }
  });

  // The table of permissions has a filter of its own.
  var needs = all("[data-need]");
  needs.forEach(function (button) {
    button.addEventListener("click", function () {
      needs.forEach(function (one) { one.setAttribute("aria-pressed", String(one === button)); });
      all("[data-needs]").forEach(function (row) {
        row.hidden = Boolean(button.dataset.need) && row.dataset.needs !== button.dataset.need;
      });
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

  // Paper cannot be opened or filtered: print everything, every clause with its procedure, and put the screen back.
  var closed = [];
  addEventListener("beforeprint", function () {
    all(".clause, .chapter, .problem, .finding").forEach(function (node) { node.hidden = false; });
    closed = all(".clause > details:not([open]), .manual:not([open])");
    closed.forEach(function (details) { details.open = true; });
  });
  addEventListener("afterprint", function () {
    closed.forEach(function (details) { details.open = false; });
    apply();
  });
})();
