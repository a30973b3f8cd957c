// Sliders beside the numbers of the calculator; without script the numbers alone work.
"use strict";

document.querySelectorAll("input[type=range][data-for]").forEach((slider) => {
  const box = document.getElementById(slider.dataset.for);
  const isLog = "log" in slider.dataset;
  const told = () => String(Number((isLog ? 2 ** slider.value : Number(slider.value)).toPrecision(3)));
  slider.hidden = false;
  slider.addEventListener("input", () => {
    box.value = told();
    slider.setAttribute("aria-valuetext", box.value);
  });
  box.addEventListener("input", () => {
    const value = Number(box.value.replace(",", "."));
    if (!Number.isFinite(value) || (isLog && value <= 0)) return;
    slider.value = isLog ? Math.log2(value) : value;
    slider.setAttribute("aria-valuetext", box.value);
  });
});

// Which values cannot be read is told beside them, too.
document.addEventListener("htmx:afterSwap", (event) => {
  const wrong = event.target.querySelector?.("[data-wrong]")?.dataset.wrong.split(" ");
  if (!wrong) return;
  document.querySelectorAll(".calculator-field [name]").forEach((field) => {
    const isWrong = wrong.includes(field.name);
    field.closest(".field").classList.toggle("field-wrong", isWrong);
    if (isWrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  });
});
