"use strict";
(function () {
  var box = document.getElementById("tip"), shown = null;
  function hide() { box.hidden = true; if (shown) { shown.classList.remove("pointed"); shown = null; } }
  function show(event) {
    var mark = event.target.closest ? event.target.closest("[data-tip]") : null;
    if (!mark) { hide(); return; }
    if (mark !== shown) { hide(); shown = mark; mark.classList.add("pointed"); box.textContent = mark.getAttribute("data-tip"); box.hidden = false; }
    var room = document.documentElement.clientWidth, width = box.offsetWidth, height = box.offsetHeight;
    var left = Math.min(Math.max(8, event.clientX - width / 2), room - width - 8);
    var above = event.clientY - height - 16;
    box.style.left = left + "px";
    box.style.top = (above < 8 ? event.clientY + 20 : above) + "px";
  }
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  document.addEventListener("pointerleave", function (event) { if (event.pointerType === "mouse") { hide(); } }); // a finger leaves when it is lifted
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") { hide(); } });
  document.addEventListener("scroll", hide, { passive: true });
})();
