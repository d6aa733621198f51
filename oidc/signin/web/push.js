// The live status of a push: asks until it is answered, and then posts the form. While
// nobody looks at the page it does not ask; the longer it takes, the more seldom.
(() => {
  const form = document.forms[0], d = form.dataset, end = Date.now() + 15 * 60 * 1000
  let wait = 1500, timer
  document.getElementById('status').hidden = false

  function go() {
    form.noValidate = true
    document.getElementById('continue').click()
  }
  async function ask() {
    clearTimeout(timer)
    if (document.hidden) return
    if (Date.now() > end) return go()
    try {
      const r = await fetch(d.poll, { method: 'POST', body: new URLSearchParams(new FormData(form)) })
      if (r.status >= 400 && r.status < 500 && r.status !== 429) return go()
      if (r.ok) {
        const { status, state } = await r.json()
        if (status === 'done') {
          form.elements.state.value = state
          form.elements.step.value = d.step
          return go()
        }
        if (!['pending', 'busy', 'unavailable'].includes(status)) return go()
      } else wait *= 2
    } catch { wait *= 2 }
    wait = Math.min(wait * 1.15, 15000)
    timer = setTimeout(ask, wait)
  }
  document.addEventListener('visibilitychange', () => { if (!document.hidden) { wait = 1500; ask() } })
  timer = setTimeout(ask, wait)
})()
