// A list that follows what is typed or chosen follows, too, what was typed or chosen before htmx was there. This script
// stands after htmx, which begins to listen at the same event.
const initialOption = (options) => options.find((option) => option.defaultSelected) ?? options[0];

const hasChanged = (field) =>
  field.options ? !initialOption(Array.from(field.options)).selected : field.value !== field.defaultValue;

document.addEventListener("DOMContentLoaded", () => {
  for (const field of document.querySelectorAll("form[hx-get] :is(input, select)")) {
    if (hasChanged(field)) field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
