// Copies and prints what the page shows once. Without a script it can be selected.
for (const b of document.querySelectorAll('[data-copy], [data-print]')) {
  const text = b.dataset.copy
  if (text && !navigator.clipboard) continue
  b.hidden = false
  b.addEventListener('click', async () => {
    if (!text) return print()
    try {
      await navigator.clipboard.writeText(text)
      b.lastChild.textContent = document.getElementById('status').textContent = b.dataset.done
    } catch {
      getSelection().selectAllChildren(document.querySelector('.codes, .key'))
    }
  })
}
