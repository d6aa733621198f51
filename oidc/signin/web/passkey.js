// Passkeys: a button, the browser's suggestions in the field for the name (conditional
// mediation), and making one. What the page is about stands in the form's data attributes.
(() => {
  const form = document.forms[0], d = form.dataset, api = window.PublicKeyCredential
  const part = document.getElementById('passkey_part')
  const button = document.getElementById(part ? 'passkey' : 'continue')
  if (!api || !navigator.credentials) {
    if (!part) say(d.unsupported)
    return
  }
  // The request to the browser that is open; there may be only one.
  let live

  const bytes = s => Uint8Array.from(atob(s.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0))
  const text = b => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  const list = l => (l || []).map(c => ({ ...c, id: bytes(c.id) }))

  // For browsers that cannot read and write the JSON of Web Authentication Level 3.
  function parse(o, make) {
    const native = make ? api.parseCreationOptionsFromJSON : api.parseRequestOptionsFromJSON
    if (native) return native.call(api, o)
    const p = { ...o, challenge: bytes(o.challenge), allowCredentials: list(o.allowCredentials), excludeCredentials: list(o.excludeCredentials) }
    if (make) p.user = { ...o.user, id: bytes(o.user.id) }
    return p
  }
  function write(c) {
    if (c.toJSON) return c.toJSON()
    const response = {}
    for (const k of ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle', 'attestationObject'])
      if (c.response[k]) response[k] = text(c.response[k])
    if (c.response.getTransports) response.transports = c.response.getTransports()
    return { id: c.id, rawId: text(c.rawId), type: c.type, response, clientExtensionResults: c.getClientExtensionResults() }
  }

  function say(message) {
    let p = document.getElementById('error')
    if (!p) {
      p = document.createElement('p')
      p.id = 'error'
      p.className = 'note said bad'
      p.setAttribute('role', 'alert')
      form.prepend(p)
    }
    p.textContent = message
  }
  function set(name, value) {
    let i = form.elements[name]
    if (!i) {
      i = document.createElement('input')
      i.type = 'hidden'
      i.name = name
      form.append(i)
    }
    i.value = value
  }

  async function options() {
    if (d.options) return JSON.parse(d.options)
    const r = await fetch(d.url, { method: 'POST', body: new URLSearchParams(new FormData(form)) })
    if (!r.ok) throw new Error(r.status)
    return r.json()
  }
  async function ask(mediation) {
    if (live) live.abort()
    const mine = live = new AbortController()
    try {
      const o = await options()
      if (mine !== live) return
      const request = { publicKey: parse(o, d.make), signal: mine.signal }
      if (mediation) {
        request.mediation = mediation
        // What is asked for is good for a while only: it is asked for anew in time.
        setTimeout(() => { if (mine === live) ask(mediation) }, (o.timeout || 300000) * 0.9)
      }
      const c = await (d.make ? navigator.credentials.create(request) : navigator.credentials.get(request))
      if (mine !== live) return
      set('step', d.step)
      set('credential', JSON.stringify(write(c)))
      form.submit()
    } catch (e) {
      if (mine !== live || mediation || e.name === 'AbortError') return
      button.disabled = false
      say(e.name === 'InvalidStateError' && d.make ? d.exists : d.failed)
      suggest()
    }
  }
  async function suggest() {
    if (part && api.isConditionalMediationAvailable && await api.isConditionalMediationAvailable()) ask('conditional')
  }

  if (part) part.hidden = false
  button.addEventListener('click', e => {
    e.preventDefault()
    button.disabled = true
    ask()
  })
  addEventListener('pageshow', () => { button.disabled = false })
  suggest()
  if (d.now) button.click()
})()
