// @auth0/auth0-auth-js against the authserver: passwords, every further factor that the
// client knows, authenticators that are added and removed, and passkeys.
import assert from 'node:assert/strict'
import { AuthClient, isMfaRequiredError } from '@auth0/auth0-auth-js'
import { advance, answerPush, finish, lastMessage, now, refused, setup, sorted, step } from './authserver.mjs'
import { activate, passkey, totp } from './devices.mjs'

const { origin, withoutNumbers, clientSecret, password } = setup
const code = (error) => error.cause?.error

const connect = (server, clientId) => new AuthClient({ domain: new URL(server).host, clientId, clientSecret })
const shop = connect(origin, 'shop') // asks for two factors
const kiosk = connect(origin, 'kiosk') // is content with one

// signIn begins with a password, and returns what the client is told to go on with.
async function signIn(client, username, scope = 'openid profile offline_access') {
  const error = await refused(
    client.getTokenByPassword({ username, password, scope, realm: 'Username-Password-Authentication' }),
    'mfa_required', code,
  )
  assert.ok(isMfaRequiredError(error))
  const { mfa_token: mfaToken, mfa_requirements: requirements } = error.cause
  const types = (list) => list?.map(({ type }) => type)
  return { mfaToken, challenge: types(requirements.challenge), enroll: types(requirements.enroll) }
}

// signedIn checks the tokens of somebody, and what they say was proved.
function signedIn(tokens, sub, ...amr) {
  assert.equal(tokens.tokenType, 'bearer')
  assert.equal(tokens.claims.sub, sub)
  assert.deepEqual(sorted(tokens.claims.amr), sorted(amr))
  assert.ok(tokens.accessToken && tokens.expiresAt > now(origin))
  return tokens
}

// app is what somebody's authenticator app shows; the time for its next code passes first.
async function app(secret) {
  await advance(origin, 30)
  return totp(secret, now(origin))
}

await step('a wrong password', async () => {
  for (const username of ['mia@example.test', 'nobody@example.test']) {
    const error = await refused(shop.getTokenByPassword({ username, password: 'wrong' }), 'invalid_grant', code)
    assert.equal(error.statusCode, 400)
    assert.equal(error.cause.mfa_token, undefined)
  }
})

await step('a password alone, user info, a refresh and a revocation', async () => {
  const tokens = signedIn(
    await kiosk.getTokenByPassword({ username: 'mia@example.test', password, scope: 'openid profile email offline_access' }),
    'mia', 'pwd',
  )
  const person = await kiosk.getUserInfo({ accessToken: tokens.accessToken, expectedSubject: 'mia' })
  assert.equal(person.email, 'mia@example.test')
  const renewed = await kiosk.getTokenByRefreshToken({ refreshToken: tokens.refreshToken })
  assert.deepEqual(renewed.claims.amr, ['pwd'])
  await kiosk.revokeToken({ token: renewed.refreshToken, tokenTypeHint: 'refresh_token' })
  await refused(kiosk.getTokenByRefreshToken({ refreshToken: renewed.refreshToken }), 'invalid_grant', code)
})

await step('no scope: what the server gives then, and no ID token', async () => {
  const tokens = await kiosk.getTokenByPassword({ username: 'mia@example.test', password })
  assert.deepEqual([tokens.scope, tokens.idToken, tokens.refreshToken], ['shop:read', undefined, undefined])
})

await step('audience: the one of the server, and one that it does not know', async () => {
  const ask = (audience) => kiosk.getTokenByPassword({ username: 'mia@example.test', password, scope: 'openid', audience })
  signedIn(await ask('api://shop'), 'mia', 'pwd')
  await refused(ask('api://other'), 'invalid_target', code)
})

await step('audience at the further factor: the one that was asked for, and no other', async () => {
  const { mfaToken } = await signIn(shop, 'mia@example.test')
  const otp = await app(setup.totp)
  const verify = (audience) => shop.mfa.verify({ mfaToken, factorType: 'otp', otp, audience })
  await refused(verify('api://other'), 'invalid_target', code)
  const { refreshToken } = signedIn(await verify('api://shop'), 'mia', 'pwd', 'otp', 'mfa')
  signedIn(await shop.getTokenByRefreshToken({ refreshToken, audience: 'api://shop' }), 'mia', 'pwd', 'otp', 'mfa')
})

await step('what mia can go on with', async () => {
  const { mfaToken, challenge, enroll } = await signIn(shop, 'mia@example.test')
  assert.deepEqual(sorted(challenge), ['email', 'otp', 'phone', 'push-notification', 'recovery-code'])
  assert.equal(enroll, undefined, 'nothing may be added before what is there was proved')
  const list = await shop.mfa.listAuthenticators({ mfaToken })
  assert.deepEqual(
    list.map(({ authenticatorType, oobChannels, active }) => [authenticatorType, oobChannels?.[0], active]),
    [['otp', undefined, true], ['oob', 'auth0', true], ['oob', 'sms', true], ['oob', 'voice', true], ['oob', 'email', true], ['recovery-code', undefined, true]],
  )
  const sms = list.find(({ oobChannels }) => oobChannels?.[0] === 'sms')
  assert.ok(sms.name.endsWith('00') && !sms.name.includes('5550'), `the number is masked: ${sms.name}`)
})

await step('otp: a wrong code, the right one, and nothing twice', async () => {
  const { mfaToken } = await signIn(shop, 'mia@example.test')
  assert.deepEqual(await shop.mfa.challengeAuthenticator({ mfaToken, challengeType: 'otp' }), { challengeType: 'otp' })
  await refused(shop.mfa.verify({ mfaToken, factorType: 'otp', otp: '000000' }), 'invalid_grant', code)
  const otp = await app(setup.totp)
  const tokens = signedIn(await shop.mfa.verify({ mfaToken, factorType: 'otp', otp }), 'mia', 'pwd', 'otp', 'mfa')
  assert.equal(tokens.scope, 'openid profile offline_access')
  assert.ok(tokens.refreshToken)
  await refused(shop.mfa.verify({ mfaToken, factorType: 'otp', otp }), 'access_denied', code)
  const next = await signIn(shop, 'mia@example.test')
  await refused(shop.mfa.verify({ mfaToken: next.mfaToken, factorType: 'otp', otp }), 'invalid_grant', code)
})

// overChannel finds the authenticator to challenge: without one the server chooses.
async function overChannel(client, mfaToken, channel) {
  const list = await client.mfa.listAuthenticators({ mfaToken })
  return list.find(({ oobChannels }) => oobChannels?.includes(channel)).id
}

for (const [channel, amr] of [['sms', 'sms'], ['voice', 'tel'], ['email', 'email']]) {
  await step(`oob: a code by ${channel}`, async () => {
    const { mfaToken } = await signIn(shop, 'mia@example.test')
    const authenticatorId = await overChannel(shop, mfaToken, channel)
    const { challengeType, oobCode, bindingMethod } = await shop.mfa.challengeAuthenticator({ mfaToken, challengeType: 'oob', authenticatorId })
    assert.deepEqual([challengeType, bindingMethod], ['oob', 'prompt'])
    const verify = (bindingCode) => shop.mfa.verify({ mfaToken, factorType: 'oob', oobCode, bindingCode })
    await refused(verify(), 'invalid_request', code)
    await refused(verify('111111'), 'invalid_grant', code)
    const { code: bindingCode } = await lastMessage(origin, 'mia', channel)
    signedIn(await verify(bindingCode), 'mia', 'pwd', amr, 'mfa')
    await refused(verify(bindingCode), 'access_denied', code)
  })
}

// push begins a challenge. The client drops the number that is to be shown: an app reads
// it from the answer itself, by the fetch that the client lets it give for one call.
async function push(client, mfaToken) {
  let number
  const customFetch = async (...call) => {
    const response = await fetch(...call)
    number = (await response.clone().json()).binding_code
    return response
  }
  const authenticatorId = await overChannel(client, mfaToken, 'auth0')
  const challenge = await client.mfa.challengeAuthenticator({ mfaToken, challengeType: 'oob', authenticatorId }, { customFetch })
  const poll = () => client.mfa.verify({ mfaToken, factorType: 'oob', oobCode: challenge.oobCode })
  return { ...challenge, number, poll }
}

await step('oob: a push whose number the person chooses', async () => {
  const { mfaToken } = await signIn(shop, 'mia@example.test')
  const { bindingMethod, number, poll } = await push(shop, mfaToken)
  assert.equal(bindingMethod, 'transfer')
  await refused(poll(), 'authorization_pending', code)
  await refused(poll(), 'authorization_pending', code)
  await answerPush(origin, 'mia', 'approve', number)
  signedIn(await poll(), 'mia', 'pwd', 'swk', 'mfa')
})

await step('oob: a push with a wrong number', async () => {
  const { mfaToken } = await signIn(shop, 'mia@example.test')
  const { number, poll } = await push(shop, mfaToken)
  const { choices } = await lastMessage(origin, 'mia', 'push')
  await answerPush(origin, 'mia', 'approve', choices.find((choice) => choice !== number))
  await refused(poll(), 'invalid_grant', code)
})

await step('oob: a push without a number, approved and denied', async () => {
  const client = connect(withoutNumbers, 'shop')
  for (const answer of ['approve', 'deny']) {
    const { mfaToken } = await signIn(client, 'mia@example.test')
    const { bindingMethod, number, poll } = await push(client, mfaToken)
    assert.deepEqual([bindingMethod, number], [undefined, undefined])
    await refused(poll(), 'authorization_pending', code)
    await answerPush(withoutNumbers, 'mia', answer)
    if (answer === 'approve') signedIn(await poll(), 'mia', 'pwd', 'swk', 'mfa')
    else await refused(poll(), 'invalid_grant', code)
  }
})

await step('recovery-code: the answer has a new one, which is good the next time', async () => {
  const use = async (recoveryCode) => {
    const { mfaToken } = await signIn(shop, 'mia@example.test')
    return shop.mfa.verify({ mfaToken, factorType: 'recovery-code', recoveryCode })
  }
  const tokens = signedIn(await use(setup.recoveryCode), 'mia', 'pwd', 'otp', 'mfa')
  assert.match(tokens.recoveryCode, /^[A-Z2-9]{5}-[A-Z2-9]{5}$/)
  await refused(use(setup.recoveryCode), 'invalid_grant', code)
  const again = await use(tokens.recoveryCode)
  assert.notEqual(again.recoveryCode, tokens.recoveryCode)
})

let tom
await step('tom, who has nothing, adds an authenticator app, and gets recovery codes', async () => {
  const { mfaToken, challenge, enroll } = await signIn(shop, 'tom@example.test')
  assert.deepEqual(challenge, [])
  assert.deepEqual(sorted(enroll), ['email', 'otp', 'phone', 'push-notification'])
  assert.deepEqual(await shop.mfa.listAuthenticators({ mfaToken }), [])
  await refused(shop.mfa.challengeAuthenticator({ mfaToken, challengeType: 'otp' }), 'association_required', code)
  tom = await shop.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['otp'] })
  assert.equal(new URL(tom.barcodeUri).searchParams.get('secret'), tom.secret)
  const [pending] = await shop.mfa.listAuthenticators({ mfaToken })
  assert.deepEqual([pending.id, pending.active], [tom.id, false])
  await refused(shop.mfa.verify({ mfaToken, factorType: 'otp', otp: '000000' }), 'invalid_grant', code)
  signedIn(await shop.mfa.verify({ mfaToken, factorType: 'otp', otp: await app(tom.secret) }), 'tom', 'pwd', 'otp', 'mfa')
})

await step('from then on tom is asked for it; one of the recovery codes does too', async () => {
  const { mfaToken, challenge, enroll } = await signIn(shop, 'tom@example.test')
  assert.deepEqual([sorted(challenge), enroll], [['otp', 'recovery-code'], undefined])
  const more = shop.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['oob'], oobChannels: ['sms'], phoneNumber: '+15550199' })
  await refused(more, 'access_denied', code)
  signedIn(await shop.mfa.verify({ mfaToken, factorType: 'recovery-code', recoveryCode: tom.recoveryCodes[0] }), 'tom', 'pwd', 'otp', 'mfa')
})

await step('after two factors tom removes it with an access token, and is where he was', async () => {
  const { mfaToken } = await signIn(shop, 'tom@example.test', 'openid read:authenticators remove:authenticators')
  await refused(shop.mfa.deleteAuthenticator({ mfaToken, authenticatorId: tom.id }), 'access_denied', code)
  const { accessToken } = await shop.mfa.verify({ mfaToken, factorType: 'otp', otp: await app(tom.secret) })
  for (const { id } of await shop.mfa.listAuthenticators({ mfaToken: accessToken })) {
    await shop.mfa.deleteAuthenticator({ mfaToken: accessToken, authenticatorId: id })
  }
  assert.deepEqual(await shop.mfa.listAuthenticators({ mfaToken: accessToken }), [])
  const again = await signIn(shop, 'tom@example.test')
  assert.deepEqual(again.challenge, [])
})

for (const [user, channel, options] of [
  ['uma', 'sms', { authenticatorTypes: ['oob'], oobChannels: ['sms'], phoneNumber: '+15550177' }],
  ['vic', 'voice', { authenticatorTypes: ['oob'], oobChannels: ['voice'], phoneNumber: '+15550178' }],
  ['wes', 'email', { authenticatorTypes: ['email'] }],
  ['xia', 'email', { authenticatorTypes: ['oob'], oobChannels: ['email'], email: 'xia.private@example.test' }],
]) {
  await step(`${user} adds ${JSON.stringify(options)}`, async () => {
    const { mfaToken } = await signIn(shop, `${user}@example.test`)
    const added = await shop.mfa.enrollAuthenticator({ mfaToken, ...options })
    assert.deepEqual([added.authenticatorType, added.oobChannel, added.bindingMethod], ['oob', channel, 'prompt'])
    const message = await lastMessage(origin, user, channel)
    assert.equal(message.to, options.phoneNumber ?? options.email ?? `${user}@example.test`)
    const verify = (bindingCode) => shop.mfa.verify({ mfaToken, factorType: 'oob', oobCode: added.oobCode, bindingCode })
    await refused(verify('111111'), 'invalid_grant', code)
    signedIn(await verify(message.code), user, 'pwd', { sms: 'sms', voice: 'tel', email: 'email' }[channel], 'mfa')
  })
}

await step('yul adds a device', async () => {
  const { mfaToken } = await signIn(shop, 'yul@example.test')
  const added = await shop.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['oob'], oobChannels: ['auth0'] })
  assert.deepEqual([added.oobChannel, added.bindingMethod], ['auth0', undefined])
  const poll = () => shop.mfa.verify({ mfaToken, factorType: 'oob', oobCode: added.oobCode })
  await refused(poll(), 'authorization_pending', code)
  await activate(origin, added.barcodeUri, now(origin))
  signedIn(await poll(), 'yul', 'pwd', 'swk', 'mfa')
})

await step('zoe begins to add one, and thinks better of it', async () => {
  const { mfaToken } = await signIn(shop, 'zoe@example.test')
  const { id } = await shop.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['otp'] })
  await shop.mfa.deleteAuthenticator({ mfaToken, authenticatorId: id })
  assert.deepEqual(await shop.mfa.listAuthenticators({ mfaToken }), [])
})

const key = passkey(setup.passkey, origin)

await step('a passkey: who it is comes from the passkey', async () => {
  const { authSession, authnParamsPublicKey } = await shop.passkey.challenge({ realm: 'Username-Password-Authentication' })
  const credential = key.get(authnParamsPublicKey)
  const redeem = () => shop.passkey.getTokenByPasskey({ authSession, credential, scope: 'openid profile', realm: 'Username-Password-Authentication' })
  signedIn(await redeem(), 'mia', 'pop', 'swk', 'user', 'mfa')
  await refused(redeem(), 'invalid_grant', code)
})

await step('a passkey for another challenge, and a signature of nobody', async () => {
  const first = await shop.passkey.challenge()
  const second = await shop.passkey.challenge()
  const credential = key.get(first.authnParamsPublicKey)
  await refused(shop.passkey.getTokenByPasskey({ authSession: second.authSession, credential, scope: 'openid' }), 'invalid_request', code)
  const forged = key.get(second.authnParamsPublicKey)
  forged.response.userHandle = Buffer.from('tom').toString('base64url')
  await refused(shop.passkey.getTokenByPasskey({ authSession: second.authSession, credential: forged, scope: 'openid' }), 'invalid_grant', code)
})

await step('signing up with a passkey is refused: the server makes no accounts', async () => {
  await refused(shop.passkey.register({ email: 'new@example.test' }), 'access_denied', code)
})

await step('an mfa_token that has expired, and one that is none', async () => {
  const { mfaToken } = await signIn(shop, 'mia@example.test')
  const { oobCode } = await shop.mfa.challengeAuthenticator({ mfaToken, challengeType: 'oob' })
  await advance(origin, 600)
  for (const call of [
    () => shop.mfa.listAuthenticators({ mfaToken }),
    () => shop.mfa.challengeAuthenticator({ mfaToken, challengeType: 'otp' }),
    () => shop.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['otp'] }),
  ]) {
    assert.equal((await refused(call(), 'expired_token', code)).statusCode, 403)
  }
  await refused(shop.mfa.verify({ mfaToken, factorType: 'oob', oobCode, bindingCode: '111111' }), 'access_denied', code)
  await refused(shop.mfa.listAuthenticators({ mfaToken: 'none' }), 'invalid_token', code)
  await refused(shop.mfa.enrollAuthenticator({ mfaToken: 'none', authenticatorTypes: ['otp'] }), 'invalid_grant', code)
  await refused(shop.mfa.verify({ mfaToken: 'none', factorType: 'otp', otp: '000000' }), 'invalid_grant', code)
})

finish()
