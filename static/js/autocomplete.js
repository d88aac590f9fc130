// Select2 names neither of the two elements it draws for a field of the administration: both get the field's label.
function name() {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const [label] = select.labels, drawn = document.getElementById(`select2-${select.id}-container`);
    if (!label || !drawn) continue;
    label.id = `${select.id}-label`;
    drawn.setAttribute("aria-labelledby", label.id);
    drawn.parentElement.setAttribute("aria-labelledby", `${label.id} ${drawn.id}`); // the label and what is chosen
  }
}

addEventListener("DOMContentLoaded", () => django.jQuery(name)); // after all that wait for jQuery, Select2 among them
