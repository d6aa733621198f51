// The browser of a person: the Go test walks the pages, and says where it was sent back to.
import { setup } from './authserver.mjs'

// visit goes to an authorization request and signs Mia in where she is asked to. It is
// the answer to the client: the URL, the form that was posted to it if there was one, and
// whether there were pages. Browsers of two names share nothing.
export async function visit(to, browser = 'mia') {
  const response = await fetch(setup.browser, { method: 'POST', body: JSON.stringify({ url: `${to}`, browser }) })
  if (!response.ok) throw new Error(await response.text())
  const { url, form, asked } = await response.json()
  return { url: new URL(url), form: form && new URLSearchParams(form), asked }
}

// received is the answer as the client's own server has it: a request, that has a form in
// the mode form_post. A fragment goes to no server, and is in the URL.
export function received({ url, form }) {
  return form ? new Request(url, { method: 'POST', body: form }) : url
}
