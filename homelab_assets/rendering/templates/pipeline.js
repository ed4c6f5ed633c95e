(function () {
  "use strict";
  var tools = document.querySelector(".tools");
  var input = tools.querySelector("input");
  var buttons = Array.prototype.slice.call(tools.querySelectorAll("button"));
  var nothing = document.querySelector(".nothing");
  var wanted = "all";
  tools.hidden = false;
  function show() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    var any = false;
    document.querySelectorAll(".group").forEach(function (group) {
      var some = false;
      group.querySelectorAll(".check").forEach(function (check) {
        var text = check.textContent.toLowerCase();
        var fits = (wanted === "all" || check.dataset.status === wanted) && words.every(function (word) { return text.indexOf(word) >= 0; });
        check.hidden = !fits;
        some = some || fits;
      });
      group.hidden = !some;
      any = any || some;
    });
    nothing.hidden = any;
  }
  buttons.forEach(function (button) {
    button.addEventListener("click", function () {
      wanted = button.dataset.status;
      buttons.forEach(function (other) { other.setAttribute("aria-pressed", String(other === button)); });
      show();
    });
  });
  input.addEventListener("input", show);
})();
