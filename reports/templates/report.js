(function () {
  "use strict";
  var tools = document.querySelector(".tools");
  if (!tools) { return; }
  tools.hidden = false;
  var query = document.getElementById("q");
  var chips = Array.prototype.slice.call(tools.querySelectorAll("[data-v]"));
  var clauses = Array.prototype.slice.call(document.querySelectorAll(".clause"));
  var verdict = "";
  function apply() {
    var text = query.value.trim().toLowerCase();
    clauses.forEach(function (clause) {
      var fits = (!verdict || clause.dataset.verdict === verdict) &&
        (!text || clause.textContent.toLowerCase().indexOf(text) !== -1);
      clause.hidden = !fits;
    });
  }
  chips.forEach(function (chip) {
    chip.addEventListener("click", function () {
      verdict = chip.dataset.v;
      chips.forEach(function (other) { other.setAttribute("aria-pressed", String(other === chip)); });
      apply();
    });
  });
  query.addEventListener("input", apply);
  document.getElementById("theme").addEventListener("click", function () {
    var root = document.documentElement;
    var dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  function reveal() {
    var target = location.hash && document.getElementById(location.hash.slice(1));
    for (var node = target; node; node = node.parentElement) { if (node.tagName === "DETAILS") { node.open = true; } }
    if (target) { target.scrollIntoView(); }
  }
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (d) { d.open = true; });
  });
  reveal();
})();
