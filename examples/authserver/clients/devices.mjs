// What people have in their pockets, made of node:crypto alone: an authenticator app, a
// device that answers pushes, and a passkey.
import crypto from 'node:crypto'
import assert from 'node:assert/strict'

const b64 = (data) => Buffer.from(data).toString('base64url')
const sha256 = (data) => crypto.createHash('sha256').update(data).digest()

// totp is what an authenticator app shows (RFC 6238), with six digits each 30 seconds.
export function totp(secret, seconds) {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)))
  const mac = crypto.createHmac('sha1', base32(secret)).update(counter).digest()
  const code = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff
  return String(code % 1_000_000).padStart(6, '0')
}

function base32(text) {
  let bits = ''
  for (const letter of text.replace(/=+$/, '')) {
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')
  }
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
}

// passkey is a credential that the server knows: it is one of the configuration.
export function passkey({ id, handle, key }, origin) {
  const privateKey = crypto.createPrivateKey({ key: Buffer.from(key, 'base64url'), format: 'der', type: 'pkcs8' })
  let count = 0
  return {
    // get is navigator.credentials.get, with the credential in its JSON form (Web
    // Authentication Level 3 section 5.1.8).
    get(options) {
      const counter = Buffer.alloc(4)
      counter.writeUInt32BE(++count)
      const present = 0x01, verified = 0x04
      const authenticatorData = Buffer.concat([sha256(options.rpId), Buffer.from([present | verified]), counter])
      const clientDataJSON = Buffer.from(JSON.stringify({
        type: 'webauthn.get', challenge: options.challenge, origin, crossOrigin: false,
      }))
      const signature = crypto.sign('sha256', Buffer.concat([authenticatorData, sha256(clientDataJSON)]), privateKey)
      return {
        id, rawId: id, type: 'public-key', authenticatorAttachment: 'platform', clientExtensionResults: {},
        response: {
          authenticatorData: b64(authenticatorData), clientDataJSON: b64(clientDataJSON),
          signature: b64(signature), userHandle: b64(handle),
        },
      }
    },
  }
}

// activate makes a device of what its camera reads off a QR code.
export async function activate(origin, barcode, seconds) {
  const scanned = new URL(barcode)
  assert.equal(scanned.searchParams.get('audience'), origin)
  const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const head = b64(JSON.stringify({ alg: 'ES256', typ: 'mintyard-push-enrolment+jwt' }))
  const body = b64(JSON.stringify({
    aud: origin, iat: seconds, exp: seconds + 60, code: scanned.searchParams.get('code'),
    name: 'Script', platform: 'node', number_entry: 'choose',
  }))
  const signature = crypto.sign('sha256', Buffer.from(`${head}.${body}`), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const response = await fetch(`${origin}/push/activate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jwk: publicKey.export({ format: 'jwk' }), proof: `${head}.${body}.${b64(signature)}` }),
  })
  assert.equal(response.status, 200, await response.text())
}
