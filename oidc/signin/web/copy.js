// Copies and prints what the page shows once. Without a script it can be selected.
for (const b of document.querySelectorAll('button[data-copy], button[data-print]')) {
  if (b.dataset.copy && !navigator.clipboard) continue
  b.hidden = false
  b.addEventListener('click', async () => {
    if (!b.dataset.copy) return print()
    await navigator.clipboard.writeText(b.dataset.copy)
    document.getElementById('status').textContent = b.dataset.done
  })
}
