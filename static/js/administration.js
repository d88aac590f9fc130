// Boxes that check all others: <input data-checks-all="selector">; they follow what is checked by hand.
for (const box of document.querySelectorAll('[data-checks-all]')) {
  const others = [...document.querySelectorAll(box.dataset.checksAll)]
  const follow = () => { box.checked = others.every((other) => other.checked) }
  box.addEventListener('change', () => others.forEach((other) => { other.checked = box.checked }))
  others.forEach((other) => other.addEventListener('change', follow))
  follow()
}
