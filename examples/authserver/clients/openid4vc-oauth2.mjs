// @openid4vc/oauth2 against the authserver: a sign-in at the authorization challenge
// endpoint that ends in a code, and the tokens for the code.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import {
  clientAuthenticationClientSecretBasic, clientAuthenticationClientSecretPost, clientAuthenticationNone,
  decodeJwt, Oauth2Client, Oauth2ClientAuthorizationChallengeError,
} from '@openid4vc/oauth2'
import { advance, answerPush, finish, lastMessage, now, refused, setup, sorted, step } from './authserver.mjs'
import { passkey, totp } from './devices.mjs'

const { origin, clientSecret, password } = setup
const code = (error) => error.errorResponse?.error
const username = 'mia@example.test'

const connect = (clientAuthentication) => new Oauth2Client({
  callbacks: {
    clientAuthentication,
    generateRandom: (bytes) => crypto.randomBytes(bytes),
    hash: (data, algorithm) => crypto.createHash(algorithm.replace('-', '')).update(data).digest(),
  },
})

// till asks for two factors, and is public.
const till = connect(clientAuthenticationNone({ clientId: 'till' }))

const metadata = await till.fetchAuthorizationServerMetadata(origin)
const custom = await till.fetchAuthorizationServerMetadata(`${origin}/oauth2/default`)

// flow is one sign-in of a client at a server.
function flow(client = till, authorizationServerMetadata = metadata, scope = 'openid profile offline_access') {
  const pkceCodeVerifier = crypto.randomBytes(32).toString('base64url')
  const send = (authSession, additionalRequestPayload) => client.sendAuthorizationChallengeRequest({
    authorizationServerMetadata, authSession, additionalRequestPayload,
    ...(authSession ? {} : { scope, pkceCodeVerifier }),
  })
  return {
    send,
    // more is a step after which another one is needed.
    async more(authSession, payload) {
      const error = await refused(send(authSession, payload), 'insufficient_authorization', code)
      assert.ok(error instanceof Oauth2ClientAuthorizationChallengeError)
      assert.notEqual(error.errorResponse.auth_session, undefined)
      return error.errorResponse
    },
    // last is the step that ends in a code.
    last: async (authSession, payload) => (await send(authSession, payload)).authorizationChallengeResponse.authorization_code,
    // redeem gets the tokens for a code; instead replaces parameters.
    async redeem(authorizationCode, instead) {
      const { accessTokenResponse } = await client.retrieveAuthorizationCodeAccessToken({
        authorizationServerMetadata, authorizationCode, pkceCodeVerifier, additionalRequestPayload: instead,
      })
      return accessTokenResponse
    },
  }
}

// signedIn checks tokens, and what they say was proved.
function signedIn(tokens, ...amr) {
  const { payload } = decodeJwt({ jwt: tokens.id_token })
  assert.equal(payload.sub, 'mia')
  assert.deepEqual(sorted(payload.amr), sorted(amr))
  assert.equal(tokens.token_type, 'Bearer')
  return payload
}

async function app() {
  await advance(origin, 30)
  return totp(setup.totp, now(origin))
}

await step('the metadata names the endpoint, on both servers', async () => {
  assert.equal(metadata.authorization_challenge_endpoint, `${origin}/oauth2/v1/authorize-challenge`)
  assert.equal(custom.authorization_challenge_endpoint, `${origin}/oauth2/default/v1/authorize-challenge`)
  assert.deepEqual(metadata.code_challenge_methods_supported, ['S256'])
  assert.ok(metadata.grant_types_supported.includes('authorization_code'))
})

await step('initiateAuthorization is told what to send', async () => {
  const error = await refused(
    till.initiateAuthorization({ authorizationServerMetadata: metadata, clientId: 'till', scope: 'openid' }),
    'insufficient_authorization', code,
  )
  assert.equal(error.response.status, 400)
  assert.deepEqual(sorted(error.errorResponse.factors), ['email', 'otp', 'password', 'push', 'sms', 'voice', 'webauthn'])
})

for (const [name, server] of [['the org server', metadata], ['a custom server', custom]]) {
  await step(`a password, a code of an app, a code for tokens: ${name}`, async () => {
    const f = flow(till, server)
    const first = await f.more(undefined, {})
    const second = await f.more(first.auth_session, { username, password })
    assert.notEqual(second.auth_session, first.auth_session)
    assert.ok(second.factors.includes('otp'), second.factors)
    assert.equal(second.factors.includes('password'), false)
    await refused(f.send(second.auth_session, { otp: '000000' }), 'invalid_grant', code)
    const authorizationCode = await f.last(second.auth_session, { otp: await app() })
    const tokens = await f.redeem(authorizationCode)
    signedIn(tokens, 'pwd', 'otp', 'mfa')
    assert.equal(tokens.scope, 'openid profile offline_access')
    const { accessTokenResponse: renewed } = await till.retrieveRefreshTokenAccessToken({
      authorizationServerMetadata: server, refreshToken: tokens.refresh_token, additionalRequestPayload: { client_id: 'till' },
    })
    signedIn(renewed, 'pwd', 'otp', 'mfa')
    // A code that comes again has been copied: everything that came of it ends.
    await refused(f.redeem(authorizationCode), 'invalid_grant', code)
    await refused(till.retrieveRefreshTokenAccessToken({
      authorizationServerMetadata: server, refreshToken: renewed.refresh_token, additionalRequestPayload: { client_id: 'till' },
    }), 'invalid_grant', code)
  })
}

await step('the first request may prove something already', async () => {
  const f = flow()
  const { auth_session: session } = await f.more(undefined, { username, otp: await app() })
  signedIn(await f.redeem(await f.last(session, { password })), 'pwd', 'otp', 'mfa')
})

await step('a code by SMS', async () => {
  const f = flow()
  const { auth_session: session } = await f.more(undefined, { username, password })
  const begun = await f.more(session, { channel_hint: 'sms' })
  assert.deepEqual([begun.challenge.channel, begun.challenge.binding_method], ['sms', 'prompt'])
  await refused(f.send(begun.auth_session, { binding_code: '111111' }), 'invalid_grant', code)
  const { code: sent } = await lastMessage(origin, 'mia', 'sms')
  signedIn(await f.redeem(await f.last(begun.auth_session, { binding_code: sent })), 'pwd', 'sms', 'mfa')
})

await step('a push that is polled for', async () => {
  const f = flow()
  const { auth_session: session } = await f.more(undefined, { username, password })
  const begun = await f.more(session, { channel_hint: 'push' })
  await refused(f.send(begun.auth_session, {}), 'authorization_pending', code)
  await answerPush(origin, 'mia', 'approve', begun.challenge.binding_code)
  signedIn(await f.redeem(await f.last(begun.auth_session, {})), 'pwd', 'swk', 'mfa')
})

await step('a passkey', async () => {
  const f = flow()
  const begun = await f.more(undefined, { channel_hint: 'webauthn' })
  const { response, id } = passkey(setup.passkey, origin).get(begun.challenge.publicKey)
  assert.ok(id)
  signedIn(await f.redeem(await f.last(begun.auth_session, response)), 'pop', 'swk', 'user', 'mfa')
})

await step('a recovery code: the answer has a new one', async () => {
  const f = flow()
  const { auth_session: session } = await f.more(undefined, { username, password })
  const { authorizationChallengeResponse: answer } = await f.send(session, { recovery_code: setup.recoveryCode })
  assert.match(answer.recovery_code, /^[A-Z2-9]{5}-[A-Z2-9]{5}$/)
  signedIn(await f.redeem(answer.authorization_code), 'pwd', 'otp', 'mfa')
})

for (const [name, authenticate] of [
  ['client_secret_basic', clientAuthenticationClientSecretBasic({ clientId: 'office', clientSecret })],
  ['client_secret_post', clientAuthenticationClientSecretPost({ clientId: 'shop', clientSecret })],
]) {
  await step(`a client that authenticates: ${name}`, async () => {
    const f = flow(connect(authenticate))
    const { auth_session: session } = await f.more(undefined, { username, password })
    const authorizationCode = await f.last(session, { otp: await app() })
    await refused(flow(till).redeem(authorizationCode), 'invalid_grant', code)
    signedIn(await f.redeem(authorizationCode), 'pwd', 'otp', 'mfa')
  })
}

await step('another verifier, and none', async () => {
  const f = flow()
  const { auth_session: session } = await f.more(undefined, { username, password })
  const authorizationCode = await f.last(session, { otp: await app() })
  const another = crypto.randomBytes(32).toString('base64url')
  await refused(f.redeem(authorizationCode, { code_verifier: another }), 'invalid_grant', code)
  await refused(f.redeem(authorizationCode, { code_verifier: undefined }), 'invalid_grant', code)
  signedIn(await f.redeem(authorizationCode), 'pwd', 'otp', 'mfa')
})

await step('the code under the name interaction_code', async () => {
  const f = flow()
  const { auth_session: session } = await f.more(undefined, { username, password })
  const interactionCode = await f.last(session, { otp: await app() })
  const grant = { grant_type: 'interaction_code', code: undefined, interaction_code: interactionCode }
  signedIn(await f.redeem(interactionCode, grant), 'pwd', 'otp', 'mfa')
})

await step('nobody, a wrong password, and a session that is over', async () => {
  const f = flow()
  await refused(f.send(undefined, { username: 'nobody@example.test', password }), 'invalid_grant', code)
  await refused(f.send(undefined, { username, password: 'wrong' }), 'invalid_grant', code)
  await refused(f.send('none', { username, password }), 'invalid_session', code)
  const { auth_session: session } = await f.more(undefined, { username, password })
  const other = connect(clientAuthenticationNone({ clientId: 'plain' }))
  await refused(flow(other).send(session, { otp: await app() }), 'invalid_session', code)
  await refused(flow(till, custom).send(session, { otp: await app() }), 'invalid_session', code)
  await advance(origin, 600)
  await refused(f.send(session, { otp: await app() }), 'invalid_session', code)
})

await step('a code that has expired', async () => {
  const f = flow()
  const { auth_session: session } = await f.more(undefined, { username, password })
  const authorizationCode = await f.last(session, { otp: await app() })
  await advance(origin, 61)
  await refused(f.redeem(authorizationCode), 'invalid_grant', code)
})

finish()
