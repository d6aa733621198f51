// The authserver under test, as the one who runs it sees it: what /dev shows and does.
import assert from 'node:assert/strict'

// setup is what npm_test.go says: where the servers are, and the secrets of the people.
export const setup = JSON.parse(process.env.AUTHSERVER)

let done = 0

// step runs one step and says that it was done.
export async function step(what, run) {
  try {
    await run()
  } catch (error) {
    console.log(`not ok - ${what}`)
    throw error
  }
  done++
  console.log(`ok - ${what}`)
}

// finish is the last line: a script that ends before it has failed.
export const finish = () => console.log(`${done} steps done`)

// refused runs what must fail, and returns the error, whose OAuth code is checked.
export async function refused(promise, code, codeOf) {
  const error = await promise.then(
    (value) => assert.fail(`must be refused with ${code}, and is answered ${JSON.stringify(value)}`),
    (error) => error,
  )
  assert.equal(codeOf(error), code, error.stack)
  return error
}

// sorted is a list of texts in an order that does not matter.
export const sorted = (list) => [...list].sort()

async function dev(origin, method, path, body) {
  const response = await fetch(`${origin}/dev/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  assert.ok(response.ok, `${method} /dev/${path}: ${response.status} ${await response.clone().text()}`)
  return response.json()
}

// lastMessage is the newest of what was sent to somebody over a channel.
export async function lastMessage(origin, user, channel) {
  const sent = await dev(origin, 'GET', `outbox?user=${user}&channel=${channel}`)
  assert.notEqual(sent.length, 0, `nothing was sent to ${user} by ${channel}`)
  return sent.at(-1)
}

// answerPush does what the person does on the device.
export async function answerPush(origin, user, answer, number = '') {
  const push = await lastMessage(origin, user, 'push')
  return dev(origin, 'POST', `push/${push.id}`, { answer, number })
}

const ahead = new Map()

// advance moves the clock of a server.
export async function advance(origin, seconds) {
  await dev(origin, 'POST', 'clock', { advance: `${seconds}s` })
  ahead.set(origin, (ahead.get(origin) ?? 0) + seconds)
}

// now is the clock of a server, in seconds.
export const now = (origin) => Math.floor(Date.now() / 1000) + (ahead.get(origin) ?? 0)
